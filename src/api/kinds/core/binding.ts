import type { Binding } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'

export const binding = kind<Binding>({ gvk: 'v1/Binding', specFields: [] })
