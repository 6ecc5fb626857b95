import { isDeepStrictEqual } from 'node:util'
import type { Pod } from '../../../apimachinery/kinds.generated.ts'
import type { Objects } from '../../objects.ts'
import type { AdmissionPlugin } from '../admission.ts'
import { changedPodOnNode, nodeOf } from '../pod-on-node.ts'
import { refuse } from '../refusal.ts'

interface Feature {
  readonly name: string
  /** Whether a node must have it for this change of a pod (k8s.io/component-helpers/nodedeclaredfeatures). */
  readonly isNeeded: (old: Pod, pod: Pod) => boolean
}

/** Only features that an update can ask for; the others matter to the scheduler. */
const features: readonly Feature[] = [
  {
    name: 'InPlacePodLevelResourcesVerticalScaling',
    isNeeded: (old, pod) => !isDeepStrictEqual(old.spec?.resources, pod.spec?.resources),
  },
  {
    name: 'InPlacePodVerticalScalingInitContainers',
    isNeeded: (old, pod) =>
      (old.spec?.initContainers ?? []).some(
        (c, i) => c.restartPolicy !== 'Always' && !isDeepStrictEqual(c.resources, pod.spec?.initContainers?.[i]?.resources),
      ),
  },
]

/** A running pod is not changed in a way that its node does not know (KEP-5328). */
export const nodeDeclaredFeatureValidator = (objects: Objects): AdmissionPlugin => ({
  name: 'NodeDeclaredFeatureValidator',
  validate: (request) => {
    const changed = changedPodOnNode(request)
    const needed = changed ? features.filter(({ isNeeded }) => isNeeded(changed.old, changed.pod)) : []
    if (!changed || needed.length === 0) return
    const node = nodeOf(changed.pod, request, objects)
    const declared = node.status?.declaredFeatures ?? []
    const lacking = needed.filter(({ name }) => !declared.includes(name)).map(({ name }) => name)
    if (lacking.length === 0) return
    const where = JSON.stringify(node.metadata.name)
    throw refuse(request, `pod update requires features ${lacking.join(', ')} which are not available on node ${where}`)
  },
})
