// What a node agent does, without containers: nodes that are ready, pods that run as soon as they are bound and go when they are deleted.
import { microTimeText, timeText } from '../../src/apimachinery/clock.ts'
import type { Pod } from '../../src/apimachinery/kinds.generated.ts'
import { leases, nodes, pods } from '../../src/apimachinery/resources.generated.ts'
import { isConflict, isNotFound } from '../../src/apimachinery/status.ts'
import type { Client } from '../../src/client/client.ts'
import type { InformerSet } from '../../src/client/informer-set.ts'

/** As kubelets renew theirs. */
const leaseMs = 10_000

interface FakeNodeOptions {
  readonly client: Client
  readonly informers: InformerSet
  readonly signal: AbortSignal
}

/** Registers the node and keeps it ready until `signal` aborts. */
export async function startFakeNode(
  name: string,
  address: string,
  { client, informers, signal }: FakeNodeOptions,
): Promise<void> {
  const labels = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' }
  await client.create(nodes, { metadata: { name, labels } })
  await client.patch(nodes, name, { type: 'merge', body: { status: nodeStatus(name, address) } }, { subresource: 'status' })
  const namespace = 'kube-node-lease'
  const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime: microTimeText(Date.now()) }
  await client.create(leases, { metadata: { name, namespace }, spec })
  const renew = () =>
    client
      .patch(leases, name, { type: 'merge', body: { spec: { renewTime: microTimeText(Date.now()) } } }, { namespace })
      .catch((error) => console.error(`lease of ${name}:`, error))
  const timer = setInterval(renew, leaseMs)
  signal.addEventListener('abort', () => clearInterval(timer))
  let addresses = 1
  informers.of(pods).onChange((pod) => {
    if (pod?.spec?.nodeName !== name) return
    void follow(client, pod, () => `10.42.${addresses >> 8}.${addresses++ & 255}`).catch((error) => {
      if (!isNotFound(error) && !isConflict(error)) console.error(`pod ${pod.metadata.namespace}/${pod.metadata.name}:`, error)
    })
  })
}

async function follow(client: Client, pod: Pod, newAddress: () => string): Promise<void> {
  const { name = '', namespace, uid, deletionTimestamp } = pod.metadata
  if (deletionTimestamp) {
    const preconditions = uid ? { preconditions: { uid } } : {}
    return client.delete(pods, name, { namespace, gracePeriodSeconds: 0, ...preconditions })
  }
  if (pod.status?.podIP || pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') return
  const status = podStatus(pod, newAddress())
  await client.patch(pods, name, { type: 'strategic', body: { status } }, { namespace, subresource: 'status' })
}

function nodeStatus(name: string, address: string) {
  const amounts = { cpu: '8', memory: '32Gi', pods: '110', 'ephemeral-storage': '100Gi' }
  const now = timeText(Date.now())
  const condition = (type: string, status: string, reason: string) => ({
    type,
    status,
    reason,
    message: '',
    lastTransitionTime: now,
    lastHeartbeatTime: now,
  })
  return {
    capacity: amounts,
    allocatable: amounts,
    addresses: [
      { type: 'InternalIP', address },
      { type: 'Hostname', address: name },
    ],
    conditions: [
      condition('Ready', 'True', 'KubeletReady'),
      condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory'),
      condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure'),
      condition('PIDPressure', 'False', 'KubeletHasSufficientPID'),
    ],
    nodeInfo: { kubeletVersion: 'v1.36.3', operatingSystem: 'linux', architecture: 'amd64', containerRuntimeVersion: 'none://0' },
  }
}

function podStatus({ spec }: Pod, podIP: string) {
  const now = timeText(Date.now())
  const state = { running: { startedAt: now } }
  return {
    phase: 'Running',
    startTime: now,
    podIP,
    podIPs: [{ ip: podIP }],
    conditions: ['Initialized', 'Ready', 'ContainersReady'].map((type) => ({ type, status: 'True', lastTransitionTime: now })),
    containerStatuses: spec?.containers.map(({ name, image = '' }) => ({
      name,
      image,
      imageID: '',
      ready: true,
      started: true,
      restartCount: 0,
      state,
    })),
  }
}
