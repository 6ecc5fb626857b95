// Removes pods that nobody will finish: those of nodes that are gone, and the oldest finished ones when there are too many.
import { timeText } from '../apimachinery/clock.ts'
import type { Node, Pod } from '../apimachinery/kinds.generated.ts'
import { nodes, pods } from '../apimachinery/resources.generated.ts'
import { isNotFound } from '../apimachinery/status.ts'
import { type Context, defineController, watching } from '../operators/controller.ts'
import { isTerminal, isTerminating, keysOnNode } from './pods.ts'

/** A node must have been gone for this long: it may be made again. */
const quarantineMs = 40_000
const finishedLimit = 12_500
const outOfService = 'node.kubernetes.io/out-of-service'

type Reason = 'orphaned' | 'unscheduled' | 'out-of-service'

/** Why `pod` is to be removed at once; undefined when it is not. `node`: the one it is bound to, if there is such a node. */
function verdict(pod: Pod, node: Node | undefined): Reason | undefined {
  if (!pod.spec?.nodeName) return isTerminating(pod) ? 'unscheduled' : undefined
  if (!node) return 'orphaned'
  const isDown = node.status?.conditions?.some((c) => c.type === 'Ready' && c.status !== 'True')
  return isTerminating(pod) && isDown && node.spec?.taints?.some((t) => t.key === outOfService) ? 'out-of-service' : undefined
}

/** The finished pods beyond the limit, oldest first. */
function excess(finished: readonly Pod[], limit = finishedLimit): Pod[] {
  if (limit <= 0 || finished.length <= limit) return []
  const age = (p: Pod) => p.metadata.creationTimestamp ?? ''
  return [...finished].sort((a, b) => (age(a) < age(b) ? -1 : 1)).slice(0, finished.length - limit)
}

async function remove(pod: Pod, reason: Reason, { client, clock, log }: Context): Promise<void> {
  const { name = '', namespace, uid } = pod.metadata
  try {
    if (!isTerminal(pod)) {
      const condition = {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'DeletionByPodGC',
        message: reason === 'orphaned' ? 'PodGC: node no longer exists' : 'PodGC: node is out of service',
        lastTransitionTime: timeText(clock.now()),
      }
      const status = { phase: 'Failed', ...(reason === 'unscheduled' ? {} : { conditions: [condition] }) }
      await client.patch(
        pods,
        name,
        { type: 'strategic', body: { metadata: { uid }, status } },
        { namespace, subresource: 'status' },
      )
    }
    await client.delete(pods, name, { namespace, gracePeriodSeconds: 0, ...(uid ? { preconditions: { uid } } : {}) })
    log.info('pod removed', { pod: `${namespace}/${name}`, reason })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

/** When each missing node was first missed. */
const missedSince = new WeakMap<Context['informers'], Map<string, number>>()

export const podGcController = defineController<Pod>({
  name: 'pod-garbage-collector-controller',
  for: pods,
  watches: [watching(nodes, keysOnNode, (now, before) => now === undefined || now.spec?.taints !== before?.spec?.taints)],
  // Most changes of pods concern nobody here: only those that may have to go are looked at.
  when: (now) => now !== undefined && (isTerminating(now) || isTerminal(now) || now.spec?.nodeName !== undefined),
  async reconcile(pod, context) {
    const { informers, clock, client } = context
    const node = pod.spec?.nodeName ?? ''
    const missed = missedSince.get(informers) ?? new Map<string, number>()
    missedSince.set(informers, missed)
    const reason = verdict(pod, informers.of(nodes).get(node))
    if (reason !== 'orphaned') missed.delete(node)
    if (reason === undefined) return undefined
    if (reason === 'orphaned') {
      const since = missed.get(node) ?? clock.now()
      missed.set(node, since)
      if (clock.now() - since < quarantineMs) return { requeueAfterMs: quarantineMs - (clock.now() - since) }
      try {
        await client.get(nodes, node)
        return { requeueAfterMs: 1000 }
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
    await remove(pod, reason, context)
    return undefined
  },
})

/** Deletes finished pods beyond the limit; to be called now and then. */
export async function removeExcess(context: Pick<Context, 'client' | 'informers'>, limit = finishedLimit): Promise<void> {
  for (const { metadata } of excess(context.informers.of(pods).list().filter(isTerminal), limit)) {
    try {
      await context.client.delete(pods, metadata.name ?? '', { namespace: metadata.namespace, gracePeriodSeconds: 0 })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
}
