import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { aborted } from '../apimachinery/aborted.ts'
import { type Clock, sleep, systemClock } from '../apimachinery/clock.ts'
import type { Client } from '../client/client.ts'
import type { InformerSet } from '../client/informer-set.ts'
import type { Controller } from './controller.ts'
import { type Duration, milliseconds } from './duration.ts'
import { electionGate } from './election/election-gate.ts'
import { alwaysOpen, type Gate } from './election/gate.ts'
import { joinShard, type Shard } from './election/sharding.ts'
import { type Log, stderrLog } from './log.ts'
import type { Operator } from './operator.ts'
import { controllerFor } from './operator-controller.ts'
import { type Running, runControllers } from './run-controllers.ts'
import { metricsText as textOf } from './telemetry/prometheus.ts'
import { measured } from './telemetry/request-counts.ts'
import { type StatusServerOptions, serveStatus } from './telemetry/status-server.ts'
import type { Tracer } from './telemetry/trace.ts'
import { startWebhooks, type WebhookSettings } from './webhooks/start.ts'
import { createWebhookMeter } from './webhooks/webhook-metrics.ts'
import type { Activity } from './work/activity.ts'
import { whenServed } from './work/kind-served.ts'

interface ElectionSettings {
  /** Unlike that of any other process; default: the host's name and something random. */
  readonly identity?: string
  /** How long others wait after the last renewal (15s), how long renewing may fail (10s), how often it is tried (2s). */
  readonly lease?: Duration
  readonly renewDeadline?: Duration
  readonly retry?: Duration
}

/** How operators run. */
export interface RunOperatorsOptions {
  /** Stops: no new work begins, what runs is aborted and waited for. */
  readonly signal: AbortSignal
  readonly clock?: Clock
  /** In [0, 1). */
  readonly random?: () => number
  readonly log?: Log
  readonly tracer?: Tracer
  /** Shared with others in the process, whole: nothing is kept twice. Without, each operator keeps only what it needs. */
  readonly informers?: InformerSet
  /** The operator's own namespace: of its Lease, Service and certificates, and of what belongs to objects without namespace. */
  readonly namespace?: string
  /** Which objects it works on: those of one namespace, or with labels; all when absent. */
  readonly select?: { readonly namespace?: string; readonly labelSelector?: string }
  /** One process works, the others stand by: by a Lease an operator. False: nobody else runs it. Default on. */
  readonly election?: false | ElectionSettings
  /** All processes work, each on a part of the keys, instead of one for all. */
  readonly shards?: boolean
  /** How validate, mutate, convert and `webhooks` are served; false: they are not. Default: on port 9443, behind a Service. */
  readonly webhooks?: WebhookSettings | false
  /** Serves /metrics, /healthz and /readyz over HTTP. */
  readonly status?: { readonly port: number; readonly host?: string }
  /** How long `stopped` waits for what runs (30s). */
  readonly grace?: Duration
}

/** Operators at work. */
export interface RunningOperators
  extends Pick<Running, 'informers' | 'metrics' | 'queues' | 'idle' | 'started' | 'stopped' | 'waiting' | 'resync'> {
  /** Of each operator: whether this process may work for it now, as leader or as a member of its shards. */
  readonly leads: (name: string) => boolean
  /** The text of /metrics. */
  readonly metricsText: () => string
  /** What keeps it from being ready, such as a kind that is not served; none: it is. */
  readonly unready: () => readonly string[]
  /** The port of /metrics, when `status` asked for one. */
  readonly statusPort: Promise<number | undefined>
  /** The members that share an operator's keys; none without shards. */
  readonly members: (name: string) => readonly string[]
}

/** Runs operators against a cluster until `signal` aborts. */
export function runOperators(client: Client, operators: readonly Operator[], options: RunOperatorsOptions): RunningOperators {
  const { signal, clock = systemClock, random = Math.random, namespace = 'default', select = {}, tracer } = options
  const log = options.log ?? stderrLog('info')
  const environment = { signal, clock, random, log }
  const isLean = options.informers === undefined
  const through = measured(client, tracer)
  const controllers = operators.map((o) => controllerFor(o, { namespace, select, isLean }))
  const gates = createGates(through.client, { ...environment, ...options, namespace }, (name) => running.resync(name))
  const running: Running = runControllers(through.client, controllers, {
    ...environment,
    gateFor: gates.of,
    served: (resource, missing) => whenServed(through.client, resource, environment, missing),
    ...(options.informers ? { informers: options.informers } : {}),
    ...(tracer ? { tracer } : {}),
  })
  const meter = createWebhookMeter()
  const { webhooks: settings = {} } = options
  const webhooks =
    settings === false
      ? undefined
      : startWebhooks({ ...environment, client: through.client, operators, namespace, settings, meter })
  const leads = (name: string) => gates.known.get(name)?.current() !== undefined
  const started = Promise.all([running.started, webhooks?.started]).then(() => {})
  let isStarted = false
  void started.then(() => {
    isStarted = true
  })
  const unready = () => [...(isStarted ? [] : ['not started yet']), ...reasons(running, clock)]
  const metricsText = () => textOf({ ...running, leads, requests: through.requests, webhooks: meter })
  const status = options.status ? serveUntil(signal, { ...options.status, metrics: metricsText, unready }) : undefined
  const ends = [running.stopped, webhooks?.stopped, status?.closed, ...gates.ends]
  return {
    ...running,
    started,
    leads,
    unready,
    metricsText,
    statusPort: status?.port ?? Promise.resolve(undefined),
    members: (name) => (gates.known.get(name) as Partial<Shard> | undefined)?.members ?? [],
    stopped: ended(ends, signal, clock, milliseconds(options.grace ?? '30s')),
  }
}

/** A watch tells at least a bookmark a minute, and is made anew every ten: one that is silent for longer is broken. */
const silentMs = 15 * 60_000

function reasons({ waiting, informers }: Running, clock: Clock): string[] {
  const missing = [...waiting()].map(([name, kind]) => `${name}: WaitingForKind ${kind}`)
  const silent = [...informers.all()].filter(([, i]) => i.hasSynced() && clock.now() - i.heardAt > silentMs)
  return [...missing, ...silent.map(([name]) => `${name}: nothing heard for ${silentMs / 60_000} minutes`)]
}

function serveUntil(signal: AbortSignal, options: StatusServerOptions) {
  const server = serveStatus(options)
  return { port: server.then((s) => s.port), closed: Promise.all([server, aborted(signal)]).then(([s]) => s.close()) }
}

interface GateOptions extends RunOperatorsOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  readonly namespace: string
}

/** When each operator may work: as its leader, as a member of its shards, or always. */
function createGates(client: Client, options: GateOptions, resync: (name: string) => void) {
  const { election = {}, shards = false, namespace, clock, random, signal, log } = options
  const known = new Map<string, Gate>()
  const ends: Promise<void>[] = []
  const identity = (election === false ? undefined : election.identity) ?? `${hostname()}_${randomUUID()}`
  const common = { client, namespace, identity, clock, random, signal, log }
  const of = ({ name }: Controller, activity: Activity): Gate => {
    if (shards) {
      const shard = joinShard({ ...common, name, activity, onChange: () => resync(name) })
      ends.push(shard.ended)
      return keep(name, shard)
    }
    if (election === false) return keep(name, alwaysOpen)
    const { lease, renewDeadline, retry } = election
    const gate = electionGate(
      {
        ...common,
        name: `${name}.operators.slipway.dev`,
        ...(lease === undefined ? {} : { leaseMs: milliseconds(lease) }),
        ...(renewDeadline === undefined ? {} : { renewDeadlineMs: milliseconds(renewDeadline) }),
        ...(retry === undefined ? {} : { retryMs: milliseconds(retry) }),
      },
      activity.rested,
    )
    ends.push(gate.ended)
    return keep(name, gate)
  }
  const keep = (name: string, gate: Gate): Gate => {
    known.set(name, gate)
    return gate
  }
  return { of, known, ends }
}

/** Resolves when all have ended, or `graceMs` after the signal aborted. */
async function ended(
  all: readonly (Promise<unknown> | undefined)[],
  signal: AbortSignal,
  clock: Clock,
  graceMs: number,
): Promise<void> {
  const done = new AbortController()
  const late = async () => {
    await aborted(signal)
    await sleep(clock, graceMs, done.signal)
  }
  await Promise.race([Promise.all(all), late()])
  done.abort()
}
