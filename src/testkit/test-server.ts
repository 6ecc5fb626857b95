import type { UserInfo } from '../api/request.ts'
import { type Clock, systemClock } from '../apimachinery/clock.ts'
import type { KubeObject } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import { isNotFound } from '../apimachinery/status.ts'
import type { Client } from '../client/client.ts'
import { createInformerSet, type InformerSet } from '../client/informer-set.ts'
import { type KindName, type ObjectOf, resourceOf } from '../operators/built-in-kinds.ts'
import type { Duration } from '../operators/duration.ts'
import type { Operator } from '../operators/operator.ts'
import { type RunningOperators, type RunOperatorsOptions, runOperators } from '../operators/run-operators.ts'
import { type Backend, clusterBackend, memoryBackend } from './backend.ts'
import type { ClusterParts } from './cluster-parts.ts'
import { type DefinitionSource, installDefinitions } from './definitions.ts'
import { type EventuallyOptions, eventually } from './eventually.ts'
import type { FakeNodes } from './fake-nodes.ts'
import { createFaults, type Faults } from './faults.ts'
import { createRecorder, type Recorder } from './recorder.ts'
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts'

/** What a test server has beside the API. */
export interface TestServerOptions {
  /** CustomResourceDefinitions: objects, YAML texts, or paths of YAML files or folders of them. */
  readonly crds?: readonly DefinitionSource[]
  /** Which controllers run, by their names: `deployment-controller`, `garbage-collector` …; or all. Default: those that clean up. */
  readonly controllers?: readonly string[] | 'all'
  /** Nodes on which pods seem to run, and a scheduler. */
  readonly nodes?: readonly string[]
  /** `virtual` for one that moves only when told to, or when `eventually` waits. Default: the system's. */
  readonly clock?: 'virtual' | Clock
  /** Default roles, for clients of others than the administrator (false: they may do nothing). */
  readonly roles?: boolean
  /** Instead of the API in memory: a running one of the test's own, by its kubeconfig. Default: $SLIPWAY_TEST_KUBECONFIG, if set. */
  readonly kubeconfig?: string | undefined
}

/** A cluster in memory, with what a test needs to steer it. */
export interface TestServer {
  /** An administrator; no fault concerns it. */
  readonly client: Client
  readonly clock: Clock
  /** Moves virtual time on. Throws without `clock: 'virtual'`. */
  advance(duration: Duration): Promise<void>
  /** What goes wrong for operators that `run` runs. */
  readonly faults: Faults
  readonly recorder: Recorder
  readonly informers: InformerSet
  readonly nodes: FakeNodes | undefined
  /** The controllers and the scheduler, if some run. */
  readonly parts: ClusterParts | undefined
  /** What the controllers and operators complained about. */
  readonly errors: readonly string[]
  /** As somebody else, with what RBAC gives them. */
  clientFor(user: UserInfo): Client
  /** Runs operators, with faults in between and their doings recorded, until the server stops or `signal` aborts. */
  run(operators: Operator | readonly Operator[], options?: Partial<RunOperatorsOptions>): RunningOperators
  get<K extends KindName>(kind: K, name: string, namespace?: string): Promise<ObjectOf<K> | undefined>
  list<K extends KindName>(kind: K, namespace?: string): Promise<ObjectOf<K>[]>
  create<K extends KindName>(kind: K, object: ObjectOf<K>): Promise<ObjectOf<K>>
  /** Resolves with what `look` gives as soon as that is neither undefined nor false; a failure shows the timeline. */
  eventually<R>(look: () => R | Promise<R>, options?: EventuallyOptions): Promise<Exclude<R, undefined | false>>
  /** The API ends and starts again over the same objects, as after a crash: watches end, memory is lost. */
  restart(): Promise<void>
  /** Opens a port; the kubeconfig is an administrator's. */
  listen(): Promise<{ readonly server: string; readonly kubeconfig: string }>
  stop(): Promise<void>
}

/** A real API server in memory: admission, RBAC, garbage collection and namespaces as in a cluster, without etcd, port and keys. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const clock = options.clock === 'virtual' ? createVirtualClock() : (options.clock ?? systemClock)
  const backend = await backendFor(options, clock)
  const { client } = backend
  const stop = new AbortController()
  const errors: string[] = []
  const recorder = createRecorder(clock)
  const faults = createFaults(clock, (text) => recorder.note('fault', text))
  const informers = createInformerSet(client, { signal: stop.signal, clock })
  await installDefinitions(client, options.crds ?? [])
  const parts = await startParts(options, { client, clock, informers, signal: stop.signal, errors })
  const ends: (() => Promise<unknown>)[] = []

  const server: TestServer = {
    client,
    clock,
    faults,
    recorder,
    informers,
    errors,
    parts,
    nodes: parts?.nodes,
    advance: (duration) => advance(clock, duration),
    clientFor: backend.clientFor,
    run(operators, more = {}) {
      const signal = more.signal ? AbortSignal.any([stop.signal, more.signal]) : stop.signal
      const running = runRecorded(operators, { client, clock, faults, recorder, webhooks: backend.webhooks }, { ...more, signal })
      ends.push(() => running.stopped)
      return running
    },
    get: (kind, name, namespace = 'default') => found(client, resourceOf(kind), name, namespace) as never,
    list: async (kind, namespace) => (await client.list(resourceOf(kind), within(resourceOf(kind), namespace))).items as never,
    create: (kind, object) => client.create(resourceOf(kind), object as KubeObject, scopeOf(resourceOf(kind), object)) as never,
    eventually: (look, o) => eventually(clock, look, o, () => [...errors.slice(-10), recorder.timeline()].join('\n')),
    async restart() {
      recorder.note('fault', 'the API restarts')
      await backend.restart()
    },
    async listen() {
      const listening = await backend.listen()
      ends.push(() => listening.close())
      return listening
    },
    async stop() {
      stop.abort()
      // Timers that are to end with the signal do so in virtual time too.
      if (clock !== systemClock && 'advance' in clock) await (clock as VirtualClock).advance(0)
      await Promise.all([...ends.map((end) => end()), parts?.stopped])
      await backend.close()
    },
  }
  return server
}

/** Runs operators with faults between them and the API, and with what they do recorded. */
function runRecorded(
  operators: Operator | readonly Operator[],
  {
    client,
    clock,
    faults,
    recorder,
    webhooks,
  }: Pick<TestServer, 'client' | 'clock' | 'faults' | 'recorder'> & Pick<Backend, 'webhooks'>,
  more: Partial<RunOperatorsOptions> & { readonly signal: AbortSignal },
): RunningOperators {
  const list = 'definition' in operators ? [operators] : operators
  const { log, tracer } = recorder
  return runOperators(recorder.recording(faults.between(client)), list, {
    clock,
    log,
    tracer,
    election: false,
    webhooks,
    ...more,
  })
}

function backendFor(
  { kubeconfig = process.env.SLIPWAY_TEST_KUBECONFIG, roles = false }: TestServerOptions,
  clock: Clock,
): Promise<Backend> {
  if (!kubeconfig) return memoryBackend({ clock, roles })
  if (clock !== systemClock) throw new Error('virtual time needs the API in memory: a running one has its own')
  return clusterBackend(kubeconfig)
}

async function advance(clock: Clock, duration: Duration): Promise<void> {
  const { milliseconds } = await import('../operators/duration.ts')
  if (!('advance' in clock)) throw new Error("time moves by itself: start the server with clock: 'virtual'")
  await (clock as VirtualClock).advance(milliseconds(duration))
}

const within = (resource: Resource, namespace: string | undefined) =>
  resource.namespaced && namespace !== undefined ? { namespace } : {}

const scopeOf = (resource: Resource, { metadata }: KubeObject) =>
  resource.namespaced ? { namespace: metadata.namespace ?? 'default' } : {}

async function found(client: Client, resource: Resource, name: string, namespace: string): Promise<KubeObject | undefined> {
  try {
    return await client.get(resource, name, within(resource, namespace))
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

const cleaners = ['garbage-collector', 'namespace-controller', 'serviceaccount-controller']

async function startParts(
  { controllers = cleaners, nodes }: TestServerOptions,
  environment: { client: Client; clock: Clock; informers: InformerSet; signal: AbortSignal; errors: string[] },
): Promise<ClusterParts | undefined> {
  if (controllers.length === 0 && !nodes) return undefined
  const { startClusterParts } = await import('./cluster-parts.ts')
  return startClusterParts({ ...environment, controllers, nodes })
}
