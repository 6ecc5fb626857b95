import type { CustomResourceDefinition } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { keepOther, statusResetFields } from '../status.ts'

export const customResourceDefinition = kind<CustomResourceDefinition>({
  gvk: 'apiextensions.k8s.io/v1/CustomResourceDefinition',
  specFields: ['spec'],
  allowUnconditionalUpdate: false,
  prepareForUpdate: keepOther,
  resetFields: statusResetFields,
})
