// A cluster in memory: the real API over a memory store, our controllers and scheduler, and nodes whose pods run at once.

import { discoveryRoutes } from '../../src/api/discovery/routes.ts'
import { kinds } from '../../src/api/kinds/index.ts'
import type { UserInfo } from '../../src/api/request.ts'
import { createApi } from '../../src/api/server.ts'
import { timeText } from '../../src/apimachinery/clock.ts'
import type { Node, Pod } from '../../src/apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../src/apimachinery/object.ts'
import type { Resource } from '../../src/apimachinery/resource.ts'
import { namespaces, nodes, pods } from '../../src/apimachinery/resources.generated.ts'
import { isNotFound } from '../../src/apimachinery/status.ts'
import type { Client } from '../../src/client/client.ts'
import { inProcessClient } from '../../src/client/in-process.ts'
import { createInformerSet, type InformerSet } from '../../src/client/informer-set.ts'
import { type RunningControllers, startControllers } from '../../src/controllers/index.ts'
import { createLog, type LogLevel } from '../../src/operators/log.ts'
import { type RunningScheduler, startScheduler } from '../../src/scheduler/scheduler.ts'
import { createMemoryStore } from '../../src/store/memory/memory-store.ts'

export interface Cluster {
  readonly client: Client
  readonly controllers: RunningControllers
  readonly scheduler: RunningScheduler
  readonly informers: InformerSet
  /** Pods with this image never become ready. */
  readonly broken: Set<string>
  /** Pods with this image end, with this exit code. */
  readonly ending: Map<string, number>
  addNode(name: string, part?: Partial<Node>): Promise<void>
  get<T extends KubeObject>(resource: Resource<T>, name: string, namespace?: string): Promise<T | undefined>
  list<T extends KubeObject>(resource: Resource<T>, namespace?: string): Promise<T[]>
  /** Resolves to what `look` finds, as soon as it is neither undefined nor false. */
  until<R>(what: string, look: () => Promise<R | undefined | false>, ms?: number): Promise<R>
  readonly errors: string[]
  stop(): Promise<void>
}

export async function startCluster(nodeNames: readonly string[] = ['n1', 'n2']): Promise<Cluster> {
  const admin: UserInfo = { name: 'admin', groups: ['system:masters', 'system:authenticated'] }
  const api = await createApi({
    store: createMemoryStore(),
    kinds,
    security: () => ({ authenticate: () => admin, authorize: () => ({ allowed: true, reason: '' }) }),
    paths: (core) => [discoveryRoutes(core, () => 'localhost:6443')],
  })
  const client = inProcessClient(api.handle, admin)
  const stop = new AbortController()
  const errors: string[] = []
  const log = createLog(
    (level: LogLevel, message, fields) => level !== 'info' && errors.push(`${message} ${JSON.stringify(fields)}`),
  )
  const informers = createInformerSet(client, { signal: stop.signal })
  const common = { client, signal: stop.signal, log, informers }
  const broken = new Set<string>()
  const ending = new Map<string, number>()
  const live = await client.get(namespaces, 'default').catch(() => undefined)
  if (!live) await client.create(namespaces, { metadata: { name: 'default' } } as never)
  const controllers = startControllers({ ...common, caBundle: 'PEM' })
  const scheduler = startScheduler(common)
  runPods(client, informers, broken, ending, errors)
  const cluster: Cluster = {
    client,
    controllers,
    scheduler,
    informers,
    broken,
    ending,
    errors,
    async addNode(name, part = {}) {
      await client.create(nodes, { ...part, metadata: { name, labels: { 'kubernetes.io/hostname': name }, ...part.metadata } })
      const amounts = { cpu: '4', memory: '8Gi', pods: '110', 'ephemeral-storage': '100Gi' }
      const ready = {
        type: 'Ready',
        status: 'True' as const,
        reason: 'KubeletReady',
        message: '',
        lastTransitionTime: timeText(Date.now()),
        lastHeartbeatTime: timeText(Date.now()),
      }
      const status = { capacity: amounts, allocatable: amounts, conditions: [ready], ...part.status }
      await client.patch(nodes, name, { type: 'merge', body: { status } }, { subresource: 'status' })
    },
    get: (resource, name, namespace = 'default') =>
      client.get(resource, name, resource.namespaced ? { namespace } : {}).catch((e) => {
        if (isNotFound(e)) return undefined
        throw e
      }),
    list: async (resource, namespace = 'default') =>
      (await client.list(resource, resource.namespaced ? { namespace } : {})).items,
    async until(what, look, ms = 8000) {
      const deadline = Date.now() + ms
      for (;;) {
        const found = await look()
        if (found !== undefined && found !== false) return found
        if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${what}\n${errors.slice(0, 10).join('\n')}`)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    },
    async stop() {
      stop.abort()
      await Promise.all([controllers.stopped, scheduler.stopped])
      api.close()
    },
  }
  for (const name of nodeNames) await cluster.addNode(name)
  return cluster
}

/** What a kubelet does, without containers: bound pods become ready, pods that are being deleted go. */
function runPods(
  client: Client,
  informers: InformerSet,
  broken: Set<string>,
  ending: Map<string, number>,
  errors: string[],
): void {
  let addresses = 0
  const settle = (work: Promise<unknown>) => work.catch((e) => !isNotFound(e) && errors.push(`kubelet: ${e}`))
  informers.of(pods).onChange((pod) => {
    if (!pod?.spec?.nodeName) return
    const { name = '', namespace, uid, deletionTimestamp } = pod.metadata
    if (deletionTimestamp) {
      void settle(client.delete(pods, name, { namespace, gracePeriodSeconds: 0, ...(uid ? { preconditions: { uid } } : {}) }))
      return
    }
    if (pod.status?.podIP || pod.status?.phase === 'Failed') return
    const image = pod.spec.containers[0]?.image ?? ''
    void settle(
      client.patch(
        pods,
        name,
        { type: 'strategic', body: { status: statusOf(pod, image, `10.1.${++addresses >> 8}.${addresses & 255}`) } },
        { namespace, subresource: 'status' },
      ),
    )
  })
  const statusOf = (pod: Pod, image: string, podIP: string) => {
    const time = timeText(Date.now())
    const exitCode = ending.get(image)
    const isUp = exitCode === undefined && !broken.has(image)
    const phase = exitCode === undefined ? 'Running' : exitCode === 0 ? 'Succeeded' : 'Failed'
    const state =
      exitCode === undefined
        ? { running: { startedAt: time } }
        : { terminated: { exitCode, reason: exitCode ? 'Error' : 'Completed', finishedAt: time } }
    return {
      phase,
      startTime: time,
      podIP,
      podIPs: [{ ip: podIP }],
      conditions: ['Ready', 'ContainersReady'].map((type) => ({
        type,
        status: isUp ? 'True' : 'False',
        lastTransitionTime: time,
      })),
      containerStatuses: pod.spec?.containers.map((c) => ({
        name: c.name,
        image,
        imageID: '',
        ready: isUp,
        restartCount: 0,
        state,
      })),
    }
  }
}
