import { jsonTypeOf } from '../../../apimachinery/go-type.ts'
import type { Namespace, Pod, Toleration } from '../../../apimachinery/kinds.generated.ts'
import { namespaces } from '../../../apimachinery/resources.generated.ts'
import { sameJson } from '../../../apimachinery/same-json.ts'
import { notFound, type StatusError, unforeseen } from '../../../apimachinery/status.ts'
import { qosOf } from '../../kinds/core/pod/pod-qos.ts'
import type { Objects } from '../../objects.ts'
import { plainValue, readJson } from '../../schema/json-syntax.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { isWrite, podOf } from '../refusal.ts'

export interface Tolerated {
  /** What pods tolerate whose namespace says nothing. */
  readonly default?: readonly Toleration[]
  /** What pods may tolerate at most whose namespace says nothing. */
  readonly whitelist?: readonly Toleration[]
}

const annotations = {
  default: 'scheduler.alpha.kubernetes.io/defaultTolerations',
  whitelist: 'scheduler.alpha.kubernetes.io/tolerationsWhitelist',
}

const memoryPressure: Toleration = { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' }

/** Pods tolerate what their namespace does, and no more than it allows. */
export const podTolerationRestriction = (objects: Objects, cluster: Tolerated = {}): AdmissionPlugin => ({
  name: 'PodTolerationRestriction',
  mutate: (request) => {
    const pod = isWrite(request) ? podOf(request) : undefined
    if (!pod?.spec) return
    const namespace = namespaceOf(objects, request)
    const own = pod.spec.tolerations ?? []
    const defaults = tolerationsOf(namespace, annotations.default) ?? cluster.default ?? []
    const merged = request.operation === 'CREATE' && defaults.length > 0 ? mergeTolerations(own, defaults) : own
    const all = qosOf(pod) === 'BestEffort' ? merged : mergeTolerations(merged, [memoryPressure])
    if (all.length > 0) pod.spec.tolerations = all
    checkAllowed(pod, namespace, cluster)
  },
  validate: (request) => {
    const pod = isWrite(request) ? podOf(request) : undefined
    if (pod) checkAllowed(pod, namespaceOf(objects, request), cluster)
  },
})

function checkAllowed({ spec }: Pod, namespace: Namespace, cluster: Tolerated): void {
  const ofNamespace = tolerationsOf(namespace, annotations.whitelist)
  const allowed = ofNamespace ?? cluster.whitelist ?? []
  if (allowed.length === 0) return
  const isAllowed = (spec?.tolerations ?? []).every((t) => allowed.some((a) => covers(a, t)))
  if (isAllowed) return
  const whose = ofNamespace ? 'namespace' : 'cluster'
  throw unforeseen(`pod tolerations (possibly merged with namespace default tolerations) conflict with its ${whose} whitelist`)
}

function namespaceOf(objects: Objects, { namespace = '' }: AdmissionRequest): Namespace {
  const found = objects.get(namespaces, undefined, namespace)
  if (!found) throw notFound(namespaces, namespace)
  return found
}

/** undefined: it says nothing. An empty text is no toleration. */
function tolerationsOf({ metadata }: Namespace, annotation: string): Toleration[] | undefined {
  const text = metadata.annotations?.[annotation]
  if (text === undefined || text === '') return text === '' ? [] : undefined
  const value = jsonIn(text)
  if (value === null) return []
  if (!Array.isArray(value)) throw notReadable(value, '[]v1.Toleration')
  const odd = value.find((item) => jsonTypeOf(item) !== 'object')
  if (odd !== undefined) throw notReadable(odd, 'v1.Toleration')
  return value as Toleration[]
}

function jsonIn(text: string): unknown {
  try {
    return plainValue(readJson(text))
  } catch (error) {
    throw unforeseen((error as Error).message)
  }
}

const notReadable = (value: unknown, goType: string): StatusError =>
  unforeseen(`json: cannot unmarshal ${jsonTypeOf(value)} into Go value of type ${goType}`)

/** All of both, but for those that others cover. */
export function mergeTolerations(first: readonly Toleration[], second: readonly Toleration[]): Toleration[] {
  const all = [...first, ...second]
  const merged: Toleration[] = []
  for (const [i, t] of all.entries()) {
    const isCovered =
      merged.some((m) => covers(m, t)) || all.slice(i + 1).some((later) => !sameJson(t, later) && covers(later, t))
    if (!isCovered) merged.push(t)
  }
  return merged
}

/** Whether `wide` tolerates all that `t` does. */
function covers(wide: Toleration, t: Toleration): boolean {
  if (sameJson(wide, t)) return true
  const exists = wide.operator === 'Exists'
  if ((t.key ?? '') !== (wide.key ?? '') && !(exists && !wide.key)) return false
  if (wide.effect && t.effect !== wide.effect) return false
  const most = wide.tolerationSeconds
  if (t.effect === 'NoExecute' && most != null && (t.tolerationSeconds == null || t.tolerationSeconds > most)) return false
  if (exists) return true
  return (wide.operator ?? 'Equal') === 'Equal' && t.operator === 'Equal' && (t.value ?? '') === (wide.value ?? '')
}
