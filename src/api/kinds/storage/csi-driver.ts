import type { CSIDriver } from '../../../apimachinery/kinds.generated.ts'
import { isSame } from '../errors.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'
import { validateCSIDriver, validateCSIDriverUpdate } from './csi-driver-validation.ts'

const tokensWarning =
  'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes'

export const csiDriver = kind<CSIDriver>({
  gvk: 'storage.k8s.io/v1/CSIDriver',
  warnings: ({ spec }, old) => {
    const isAsked = spec?.tokenRequests?.length && spec.serviceAccountTokenInSecrets === undefined
    return isAsked && !(old && isSame(old.spec?.tokenRequests, spec.tokenRequests)) ? [tokensWarning] : []
  },
  validate: validateCSIDriver,
  validateUpdate: validateCSIDriverUpdate,
  specFields: ['spec'],
  // The first generation is the one after the first change.
  hasGeneration: false,
  allowUnconditionalUpdate: false,
  defaults: ({ spec }) => {
    if (!spec) return
    spec.attachRequired ??= true
    spec.podInfoOnMount ??= false
    spec.storageCapacity ??= false
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType'
    if ((spec.volumeLifecycleModes ?? []).length === 0) spec.volumeLifecycleModes = ['Persistent']
    spec.requiresRepublish ??= false
    spec.seLinuxMount ??= false
  },
  // Behind VolumeLimitScaling, which is off in Kubernetes 1.36.
  prepareForCreate: ({ spec }) => {
    if (spec) delete spec.preventPodSchedulingIfMissing
  },
  prepareForUpdate: ({ spec }, old) => {
    if (spec && old.spec?.preventPodSchedulingIfMissing === undefined) delete spec.preventPodSchedulingIfMissing
  },
  cells: (driver, now) => {
    const spec = driver.spec
    return [
      driver.metadata.name,
      spec?.attachRequired ?? true,
      spec?.podInfoOnMount ?? false,
      spec?.storageCapacity ?? false,
      spec?.tokenRequests ? spec.tokenRequests.map((t) => t.audience).join(',') : '<unset>',
      spec?.requiresRepublish ?? false,
      (spec?.volumeLifecycleModes ?? []).join(',') || '<none>',
      age(driver, now),
    ]
  },
})
