import type { ComponentStatus } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'

export const componentStatus = kind<ComponentStatus>({
  gvk: 'v1/ComponentStatus',
  specFields: [],
  cells: (status) => {
    const healthy = status.conditions?.find((c) => c.type === 'Healthy')
    const text = !healthy ? 'Unknown' : healthy.status === 'True' ? 'Healthy' : 'Unhealthy'
    return [status.metadata.name, text, healthy?.message ?? '', healthy?.error ?? '']
  },
})
