import { mkdir, readdir } from 'node:fs/promises'
import type Docker from 'dockerode'
import { aborted } from '../apimachinery/aborted.ts'
import { type Clock, sleep, systemClock } from '../apimachinery/clock.ts'
import type { Node, Pod, Service } from '../apimachinery/kinds.generated.ts'
import { nodes, pods, services } from '../apimachinery/resources.generated.ts'
import type { Client } from '../client/client.ts'
import { createInformer, type Informer } from '../client/informer.ts'
import { createEventRecorder } from '../operators/events.ts'
import { type Log, silentLog } from '../operators/log.ts'
import { createAddressPool } from './docker/address-pool.ts'
import { connectEngine, type EngineEvent } from './docker/engine.ts'
import { ensureNetwork, type PodNetwork } from './docker/network.ts'
import type { ObservedContainer } from './docker/observed.ts'
import { lowestOomScore } from './docker/oom-floor.ts'
import { startKubeletServer } from './kubelet-server.ts'
import { keepLease } from './lease.ts'
import type { NodeContext } from './node-context.ts'
import { capacityOf, type MachineFacts, machineFacts } from './node-object.ts'
import { PodSet } from './pod-set.ts'
import { watchReferences } from './references.ts'
import { createRegistration, type Registration } from './registration.ts'
import { dockerRuntime, volumeSources } from './sources.ts'
import { ProjectedTokens } from './volumes/service-account-token.ts'
import { tearDown } from './volumes/tear-down.ts'

interface NodeOptions {
  /** As user `system:node:<name>` in group `system:nodes`. */
  readonly client: Client
  readonly name: string
  /** InternalIP addresses, the first one is the pods' hostIP. */
  readonly addresses: readonly string[]
  readonly podNetwork: PodNetwork
  readonly clusterDns: string
  readonly clusterDomain: string
  /** Marks the containers of this cluster on a Docker daemon that others use too. */
  readonly clusterId: string
  /** This node's own folder; absolute. */
  readonly dataDir: string
  readonly docker: Docker
  /** PEM: the certificate of the kubelet's HTTPS server. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string }
  /** 0: any free port. */
  readonly kubeletPort: number
  /** Address to listen at; default all. */
  readonly kubeletHost?: string
  /** PEM: who signs the client certificates that may use the kubelet's server. */
  readonly clientCa: string
  readonly clock?: Clock
  readonly log?: Log
  /** Ends the agent; its containers go on running and are adopted by the next one. */
  readonly signal: AbortSignal
}

export interface NodeAgent {
  readonly name: string
  readonly kubeletPort: number
  /** Resolves when the node is registered and its pods are known. */
  readonly ready: Promise<void>
  /** Resolves when, after `signal`, everything is closed. */
  readonly closed: Promise<void>
}

const reconnectMs = 500

/** Starts the agent of one node. Throws when Docker does not answer or the pod network cannot be made. */
export async function startNode(options: NodeOptions): Promise<NodeAgent> {
  const { client, name, docker, signal, clock = systemClock, log = silentLog } = options
  await mkdir(`${options.dataDir}/pods`, { recursive: true, mode: 0o750 })
  const [machine] = await Promise.all([
    machineFacts(docker, options.dataDir),
    ensureNetwork(docker, options.podNetwork, options.clusterId),
  ])
  const onError = (error: unknown, what: string) => log.error(`${what} failed`, error, { node: name })
  const own = createInformer(client, nodes, { fieldSelector: `metadata.name=${name}`, onError })
  const podInformer = createInformer(client, pods, { fieldSelector: `spec.nodeName=${name}`, onError })
  const serviceInformer = createInformer(client, services, { onError })
  const references = watchReferences(client, { signal, onError, onChange: (uids) => podSet.referencesChanged(uids) })
  const context: NodeContext = {
    ...(await surroundings(options, machine, clock, log)),
    engine: connectEngine(docker, { clusterId: options.clusterId, node: name, network: options.podNetwork.name }),
    addresses: createAddressPool(podCidrOf(own)),
    sources: volumeSources(client, references),
    services: () => serviceInformer.list(),
  }
  const podSet = new PodSet(context, references)
  const server = await startKubeletServer(context, podSet, {
    port: options.kubeletPort,
    host: options.kubeletHost,
    tls: options.tls,
    clientCa: options.clientCa,
  })
  const registration = createRegistration({
    client,
    docker,
    clock,
    log,
    name,
    addresses: options.addresses,
    machine,
    kubeletPort: server.port,
    dataDir: options.dataDir,
    known: () => own.get(name),
    signal,
  })
  for (const informer of [own, podInformer, serviceInformer]) informer.start(signal)
  const ready = run({ context, podSet, podInformer, serviceInformer, own, registration })
  ready.catch((error) => log.error('node agent did not start', error, { node: name }))
  signal.addEventListener('abort', () => podSet.stop())
  return {
    name,
    kubeletPort: server.port,
    ready,
    closed: closedAfter(signal, () => [server.close(), context.events.flushed(), registration.written()]),
  }
}

/** What the pods of a node are told of the node and its cluster, and what they share. */
async function surroundings(
  options: NodeOptions,
  machine: MachineFacts,
  clock: Clock,
  log: Log,
): Promise<Omit<NodeContext, 'engine' | 'addresses' | 'sources' | 'services'>> {
  const { client, name, signal } = options
  return {
    client,
    clock,
    log,
    events: createEventRecorder(client, { clock, component: 'kubelet', host: name, log }),
    nodeName: name,
    hostIps: options.addresses,
    clusterDns: options.clusterDns,
    clusterDomain: options.clusterDomain,
    dataDir: options.dataDir,
    allocatable: capacityOf(machine),
    memoryCapacity: machine.memory,
    tokens: new ProjectedTokens(),
    daemon: { ...machine, lowestOomScore: await lowestOomScore() },
    runtimeOf: (className) => dockerRuntime(client, machine.runtimes, className),
    signal,
  }
}

async function closedAfter(signal: AbortSignal, close: () => readonly Promise<void>[]): Promise<void> {
  await aborted(signal)
  await Promise.all(close())
}

/** The node's address range, as soon as a controller has given it one. */
function podCidrOf(own: Informer<Node>): Promise<string> {
  return new Promise((resolve) => {
    const stop = own.onChange((node) => {
      if (!node?.spec?.podCIDR) return
      resolve(node.spec.podCIDR)
      queueMicrotask(() => stop())
    })
  })
}

interface Parts {
  readonly context: NodeContext
  readonly podSet: PodSet
  readonly podInformer: Informer<Pod>
  readonly serviceInformer: Informer<Service>
  readonly own: Informer<Node>
  readonly registration: Registration
}

async function run(parts: Parts): Promise<void> {
  const { context, podSet, podInformer, own, registration } = parts
  const { client, clock, log, signal, nodeName } = context
  await registration.register()
  if (signal.aborted) return
  const node = await nodeOnceKnown(own, nodeName)
  void keepLease({ client, clock, log, node: { name: nodeName, uid: node.metadata.uid ?? '' }, signal })
  context.events.record({ resource: nodes, object: node, type: 'Normal', reason: 'Starting', message: 'Starting kubelet.' })
  await Promise.all([podInformer.synced(), parts.serviceInformer.synced()])
  const observed = Promise.withResolvers<void>()
  void followEngine(parts, observed.resolve)
  await observed.promise
  podInformer.onChange((now, before) => podSet.setPod(now, before))
  podSet.removeOrphans()
  await removeLeftovers(context, podSet)
}

function nodeOnceKnown(own: Informer<Node>, name: string): Promise<Node> {
  return new Promise((resolve) => {
    const stop = own.onChange((node) => {
      if (node?.metadata.name !== name) return
      resolve(node)
      queueMicrotask(() => stop())
    })
  })
}

/** Follows Docker's events for ever; each time the stream opens, everything is looked at once. */
async function followEngine(parts: Parts, onFirst: () => void): Promise<void> {
  const { context, podSet, registration } = parts
  const { engine, log, clock, signal } = context
  while (!signal.aborted) {
    let early: EngineEvent[] | undefined = []
    const take = (event: EngineEvent) => (early ? early.push(event) : podSet.onEngineEvent(event))
    const look = async () => {
      const all: ObservedContainer[] = await engine.listAll()
      await podSet.observeAll(all)
      const missed = early ?? []
      early = undefined
      for (const event of missed) podSet.onEngineEvent(event)
      registration.setNotReady(undefined)
      onFirst()
    }
    let looking: Promise<void> = Promise.resolve()
    try {
      await engine.follow(() => (looking = look().catch((error) => log.error('containers not listed', error))), take, signal)
      await looking
    } catch (error) {
      if (signal.aborted) return
      log.warn('Docker events end', { why: String(error) })
    }
    if (signal.aborted) return
    registration.setNotReady('container runtime is down')
    await sleep(clock, reconnectMs, signal)
  }
}

/** Folders of pods that neither the API nor Docker knows any more. */
async function removeLeftovers(context: NodeContext, podSet: PodSet): Promise<void> {
  for (const uid of await readdir(`${context.dataDir}/pods`)) {
    if (podSet.has(uid)) continue
    await tearDown(`${context.dataDir}/pods/${uid}`, true).catch((error) =>
      context.log.error('pod folder not removed', error, { uid }),
    )
  }
}
