import type { Pod, PriorityClass } from '../../../apimachinery/kinds.generated.ts'
import { priorityclasses } from '../../../apimachinery/resources.generated.ts'
import type { Objects } from '../../objects.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { isResource, isWrite, podOf, refuse } from '../refusal.ts'

/** Writes the number that a pod's priority class stands for into the pod; at most one class is the default. */
export const priority = (objects: Objects): AdmissionPlugin => ({
  name: 'Priority',
  mutate: (request) => {
    const pod = isWrite(request) ? podOf(request) : undefined
    if (!pod) return
    if (request.operation === 'CREATE') resolve(request, pod, objects)
    else keep(pod, request.oldObject as Pod | undefined)
  },
  validate: (request) => {
    if (!isResource(request, 'scheduling.k8s.io', 'priorityclasses') || !isWrite(request) || request.subresource) return
    const wanted = request.object as PriorityClass
    const current = wanted.globalDefault ? defaultClass(objects) : undefined
    if (!current || (request.operation === 'UPDATE' && current.metadata.name === wanted.metadata.name)) return
    throw refuse(request, `PriorityClass ${current.metadata.name} is already marked as default. Only one default can exist`)
  },
})

function keep(pod: Pod, old: Pod | undefined): void {
  if (!pod.spec) return
  if (old?.spec?.priority !== undefined) pod.spec.priority ??= old.spec.priority
  if (old?.spec?.preemptionPolicy !== undefined) pod.spec.preemptionPolicy ??= old.spec.preemptionPolicy
}

function resolve(request: AdmissionRequest, { spec }: Pod, objects: Objects): void {
  if (!spec) return
  const found = spec.priorityClassName ? objects.get(priorityclasses, undefined, spec.priorityClassName) : defaultClass(objects)
  if (!found && spec.priorityClassName) throw refuse(request, `no PriorityClass with name ${spec.priorityClassName} was found`)
  const value = found?.value ?? 0
  const policy = found ? found.preemptionPolicy : 'PreemptLowerPriority'
  if (spec.priority !== undefined && spec.priority !== value) {
    throw refuse(
      request,
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
    )
  }
  if (policy && spec.preemptionPolicy != null && spec.preemptionPolicy !== policy) {
    throw refuse(
      request,
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
    )
  }
  if (found?.metadata.name) spec.priorityClassName = found.metadata.name
  spec.priority = value
  if (policy) spec.preemptionPolicy = policy
}

/** Should two be marked by a race, the lower one counts. */
function defaultClass(objects: Objects): PriorityClass | undefined {
  return objects
    .list(priorityclasses)
    .filter((c) => c.globalDefault)
    .sort((a, b) => (a.value ?? 0) - (b.value ?? 0))[0]
}
