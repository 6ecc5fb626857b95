// Removes pods from nodes with NoExecute taints: at once, or when their tolerations run out.
import { timeText } from '../apimachinery/clock.ts'
import type { Pod, Taint } from '../apimachinery/kinds.generated.ts'
import { nodes, pods } from '../apimachinery/resources.generated.ts'
import { isNotFound } from '../apimachinery/status.ts'
import { tolerates } from '../apimachinery/taints.ts'
import { defineController, watching } from '../operators/controller.ts'
import { sameValue } from '../operators/equality.ts'
import { isTerminating, keysOnNode } from './pods.ts'

/** When `pod` has to leave a node with `taints`, in milliseconds since 1970; undefined: never. */
export function evictionTime(pod: Pod, taints: readonly Taint[], now: number): number | undefined {
  const executing = taints.filter((t) => t.effect === 'NoExecute')
  if (executing.length === 0) return undefined
  const tolerations = pod.spec?.tolerations ?? []
  if (executing.some((taint) => !tolerations.some((t) => tolerates(t, taint)))) return now
  const used = tolerations.filter((t) => executing.some((taint) => tolerates(t, taint)))
  const seconds = Math.min(...used.map((t) => Number(t.tolerationSeconds ?? Number.POSITIVE_INFINITY)))
  if (seconds === Number.POSITIVE_INFINITY) return undefined
  const since = Math.min(...executing.map((t) => Date.parse(t.timeAdded ?? '') || now))
  return seconds <= 0 ? now : since + seconds * 1000
}

export const taintEvictionController = defineController<Pod>({
  name: 'taint-eviction-controller',
  for: pods,
  when: (now, before) =>
    now?.spec?.nodeName !== before?.spec?.nodeName || !sameValue(now?.spec?.tolerations, before?.spec?.tolerations),
  watches: [watching(nodes, keysOnNode, (now, before) => !sameValue(now?.spec?.taints, before?.spec?.taints))],
  async reconcile(pod, { client, clock, informers, event }) {
    if (!pod.spec?.nodeName || isTerminating(pod)) return undefined
    const node = informers.of(nodes).get(pod.spec.nodeName)
    const at = node && evictionTime(pod, node.spec?.taints ?? [], clock.now())
    if (at === undefined) return undefined
    if (at > clock.now()) return { requeueAfterMs: at - clock.now() }
    const { name = '', namespace, uid } = pod.metadata
    event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${namespace}/${name}`)
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
      lastTransitionTime: timeText(clock.now()),
    }
    const body = { metadata: { uid }, status: { conditions: [condition] } }
    try {
      await client.patch(pods, name, { type: 'strategic', body }, { namespace, subresource: 'status' })
      await client.delete(pods, name, { namespace, ...(uid ? { preconditions: { uid } } : {}) })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    return undefined
  },
})
