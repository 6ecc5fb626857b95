import { quote } from '../../../apimachinery/go-quote.ts'
import type { Pod, RuntimeClass, Toleration } from '../../../apimachinery/kinds.generated.ts'
import { runtimeclasses } from '../../../apimachinery/resources.generated.ts'
import { sameJson } from '../../../apimachinery/same-json.ts'
import { unforeseen } from '../../../apimachinery/status.ts'
import type { Objects } from '../../objects.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { amountsOf, listText } from '../quota/amounts.ts'
import { podOf, refuse, unaskable } from '../refusal.ts'

/** A pod of a runtime class gets the class's overhead, node selector and tolerations. */
export const runtimeClass = (objects: Objects): AdmissionPlugin => ({
  name: 'RuntimeClass',
  mutate: (request) => {
    const pod = request.operation === 'CREATE' ? podOf(request) : undefined
    const found = pod && classOf(objects, request, pod)
    if (!found) return
    setOverhead(request, pod, found)
    setScheduling(request, pod, found)
  },
  validate: (request) => {
    const pod = request.operation === 'CREATE' ? podOf(request) : undefined
    if (!pod) return
    const defined = classOf(objects, request, pod)?.overhead
    const overhead = pod.spec?.overhead
    if (defined && !isSame(defined.podFixed, overhead)) throw refuse(request, mismatch)
    if (!defined && overhead !== undefined)
      throw refuse(request, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead')
  },
})

const mismatch = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"
type List = Record<string, string> | undefined
const isSame = (a: List, b: List): boolean => listText(amountsOf(a)) === listText(amountsOf(b))

function classOf(objects: Objects, request: AdmissionRequest, { spec }: Pod): RuntimeClass | undefined {
  const name = spec?.runtimeClassName
  if (name === undefined) return undefined
  const found = objects.get(runtimeclasses, undefined, name)
  if (found) return found
  // The plugin asks the server before it refuses, which its client does not do for such names.
  const problem = unaskable(name)
  throw problem === undefined ? refuse(request, `pod rejected: RuntimeClass ${quote(name)} not found`) : unforeseen(problem)
}

function setOverhead(request: AdmissionRequest, { spec }: Pod, { overhead }: RuntimeClass): void {
  if (!spec || !overhead) return
  if (Object.keys(spec.overhead ?? {}).length > 0 && !isSame(overhead.podFixed, spec.overhead)) throw refuse(request, mismatch)
  if (overhead.podFixed) spec.overhead = { ...overhead.podFixed }
  else delete spec.overhead
}

function setScheduling(request: AdmissionRequest, { spec }: Pod, { scheduling }: RuntimeClass): void {
  if (!spec || !scheduling) return
  for (const [key, value] of Object.entries(scheduling.nodeSelector ?? {})) {
    const own = spec.nodeSelector?.[key]
    if (own !== undefined && own !== value) {
      throw refuse(
        request,
        `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
      )
    }
  }
  if (scheduling.nodeSelector) spec.nodeSelector = { ...spec.nodeSelector, ...scheduling.nodeSelector }
  if (scheduling.tolerations) spec.tolerations = merged([...(spec.tolerations ?? []), ...scheduling.tolerations])
}

/** Without those that another includes; of equal ones the first stays. */
function merged(all: readonly Toleration[]): Toleration[] {
  const kept: Toleration[] = []
  all.forEach((t, i) => {
    const isIncluded = kept.some((k) => includes(k, t)) || all.slice(i + 1).some((o) => !sameJson(o, t) && includes(o, t))
    if (!isIncluded) kept.push(t)
  })
  return kept
}

/** Whether a pod that has `a` tolerates all that `b` does. */
function includes(a: Toleration, b: Toleration): boolean {
  const time = (t: Toleration): number => t.tolerationSeconds ?? Number.POSITIVE_INFINITY
  const sameKey = !a.key || a.key === b.key
  const sameEffect = !a.effect || a.effect === b.effect
  const sameValue =
    a.operator === 'Exists' || ((a.operator ?? 'Equal') === (b.operator ?? 'Equal') && (a.value ?? '') === (b.value ?? ''))
  return sameKey && sameEffect && sameValue && (a.effect !== 'NoExecute' || time(a) >= time(b))
}
