import type { Pod } from '../../../../apimachinery/kinds.generated.ts'
import { kind } from '../../kind.ts'
import { defaultPod } from '../../pod-spec/pod-defaults.ts'
import { podWarnings } from '../../pod-spec/warnings.ts'
import { podCells, podRowConditions } from './pod-cells.ts'
import { podGracePeriod, preparePod, preparePodUpdate } from './pod-prepare.ts'
import { validatePod, validatePodUpdate } from './pod-validation.ts'

export const pod = kind<Pod>({
  gvk: 'v1/Pod',
  warnings: podWarnings,
  specFields: ['spec'],
  defaults: defaultPod,
  prepareForCreate: preparePod,
  prepareForUpdate: preparePodUpdate,
  validate: validatePod,
  validateUpdate: validatePodUpdate,
  gracePeriod: podGracePeriod,
  cells: podCells,
  rowConditions: podRowConditions,
  selectableFields: {
    'spec.nodeName': ({ spec }) => spec?.nodeName ?? '',
    'spec.host': ({ spec }) => spec?.nodeName ?? '',
    'spec.restartPolicy': ({ spec }) => spec?.restartPolicy ?? '',
    'spec.schedulerName': ({ spec }) => spec?.schedulerName ?? '',
    'spec.serviceAccountName': ({ spec }) => spec?.serviceAccountName ?? '',
    'spec.hostNetwork': ({ spec }) => String(spec?.hostNetwork ?? false),
    'status.phase': ({ status }) => status?.phase ?? '',
    'status.podIP': ({ status }) => status?.podIPs?.[0]?.ip ?? '',
    'status.podIPs': () => '',
    'status.nominatedNodeName': ({ status }) => status?.nominatedNodeName ?? '',
  },
})
