import type { PodTemplate } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { defaultPodTemplate } from '../pod-spec/defaults.ts'
import { containerCells, labelsText } from '../table.ts'

export const podTemplate = kind<PodTemplate>({
  gvk: 'v1/PodTemplate',
  specFields: ['template'],
  defaults: (object) => defaultPodTemplate(object.template),
  cells: (object) => [
    object.metadata.name,
    ...containerCells(object.template?.spec),
    labelsText(object.template?.metadata?.labels),
  ],
})
