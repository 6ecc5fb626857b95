import { timeText } from '../apimachinery/clock.ts'
import type { Node, Pod } from '../apimachinery/kinds.generated.ts'
import { nodes, pods } from '../apimachinery/resources.generated.ts'
import { isAlreadyExists, isNotFound } from '../apimachinery/status.ts'
import type { Client } from '../client/client.ts'
import type { InformerSet } from '../client/informer-set.ts'

/** How pods of an image fare on nodes that run nothing. */
export interface FakeNodes {
  /** Pods with this image never become ready. */
  readonly broken: Set<string>
  /** Pods with this image end, with this exit code. */
  readonly ending: Map<string, number>
  add(name: string, part?: Partial<Node>): Promise<void>
}

interface FakeNodesOptions {
  readonly client: Client
  readonly informers: InformerSet
  readonly now: () => number
  readonly onError: (error: unknown) => void
}

/** Nodes without containers: what a kubelet reports, at once. Bound pods become ready, pods that are being deleted go. */
export function fakeNodes({ client, informers, now, onError }: FakeNodesOptions): FakeNodes {
  const broken = new Set<string>()
  const ending = new Map<string, number>()
  let addresses = 0
  const settle = (work: Promise<unknown>) => work.catch((error) => !isNotFound(error) && onError(error))
  informers.of(pods).onChange((pod) => {
    if (!pod?.spec?.nodeName) return
    const { name = '', namespace, uid, deletionTimestamp } = pod.metadata
    if (deletionTimestamp) {
      void settle(client.delete(pods, name, { namespace, gracePeriodSeconds: 0, ...(uid ? { preconditions: { uid } } : {}) }))
      return
    }
    if (pod.status?.podIP || pod.status?.phase === 'Failed') return
    const image = pod.spec.containers[0]?.image ?? ''
    const ip = `10.1.${++addresses >> 8}.${addresses & 255}`
    const status = statusOf(pod, ip, timeText(now()), { isBroken: broken.has(image), exitCode: ending.get(image) })
    void settle(client.patch(pods, name, { type: 'strategic', body: { status } }, { namespace, subresource: 'status' }))
  })
  return { broken, ending, add: (name, part = {}) => addNode(client, name, part, timeText(now())) }
}

async function addNode(client: Client, name: string, part: Partial<Node>, time: string): Promise<void> {
  const metadata = { name, labels: { 'kubernetes.io/hostname': name }, ...part.metadata }
  // A server that outlives the test may have it from before.
  await client.create(nodes, { ...part, metadata }).catch((error) => isAlreadyExists(error) || Promise.reject(error))
  const amounts = { cpu: '4', memory: '8Gi', pods: '110', 'ephemeral-storage': '100Gi' }
  const ready = {
    type: 'Ready',
    status: 'True' as const,
    reason: 'KubeletReady',
    message: '',
    lastTransitionTime: time,
    lastHeartbeatTime: time,
  }
  const status = { capacity: amounts, allocatable: amounts, conditions: [ready], ...part.status }
  await client.patch(nodes, name, { type: 'merge', body: { status } }, { subresource: 'status' })
  // A new node is tainted until the node controller sees that it is ready: tests need not run that one.
  await client.patch(nodes, name, { type: 'merge', body: { spec: { taints: part.spec?.taints ?? null } } })
}

function statusOf(pod: Pod, podIP: string, time: string, fate: { isBroken: boolean; exitCode: number | undefined }) {
  const { exitCode, isBroken } = fate
  const isUp = exitCode === undefined && !isBroken
  const phase = exitCode === undefined ? 'Running' : exitCode === 0 ? 'Succeeded' : 'Failed'
  const state =
    exitCode === undefined
      ? { running: { startedAt: time } }
      : { terminated: { exitCode, reason: exitCode ? 'Error' : 'Completed', finishedAt: time } }
  const conditions = ['Ready', 'ContainersReady'].map((type) => ({
    type,
    status: isUp ? 'True' : 'False',
    lastTransitionTime: time,
  }))
  const containerStatuses = pod.spec?.containers.map((c) => ({
    name: c.name,
    image: c.image ?? '',
    imageID: '',
    ready: isUp,
    restartCount: 0,
    state,
  }))
  return { phase, startTime: time, podIP, podIPs: [{ ip: podIP }], conditions, containerStatuses }
}
