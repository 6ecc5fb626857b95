import { type Clock, systemClock } from '../apimachinery/clock.ts'
import type { Client } from '../client/client.ts'
import type { InformerSet } from '../client/informer-set.ts'
import { type Log, stderrLog } from './log.ts'
import type { Operator } from './operator.ts'
import { controllerFor } from './operator-controller.ts'
import { type Running, runControllers } from './run-controllers.ts'
import type { Tracer } from './trace.ts'

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
  /** Leader election by a Lease; default on. */
  readonly election?: false
  /** Which objects it works on: those of one namespace, or with labels; all when absent. */
  readonly select?: { readonly namespace?: string; readonly labelSelector?: string }
}

export interface RunningOperators extends Pick<Running, 'informers' | 'metrics' | 'queues' | 'idle' | 'started' | 'stopped'> {}

/** Runs operators against a cluster until `signal` aborts. */
export function runOperators(client: Client, operators: readonly Operator[], options: RunOperatorsOptions): RunningOperators {
  const {
    signal,
    clock = systemClock,
    random = Math.random,
    log = stderrLog('info'),
    namespace = 'default',
    select = {},
  } = options
  const isLean = options.informers === undefined
  const controllers = operators.map((o) => controllerFor(o, { namespace, select, isLean }))
  return runControllers(client, controllers, {
    signal,
    clock,
    random,
    log,
    ...(options.informers ? { informers: options.informers } : {}),
    ...(options.tracer ? { tracer: options.tracer } : {}),
  })
}
