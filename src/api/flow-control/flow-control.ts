import type { Clock } from '../../apimachinery/clock.ts'
import type { FlowSchema } from '../../apimachinery/kinds.generated.ts'
import { flowschemas, prioritylevelconfigurations } from '../../apimachinery/resources.generated.ts'
import type { Objects } from '../objects.ts'
import { isLongRunning } from '../pipeline/in-flight.ts'
import type { RequestInfo } from '../pipeline/request-info.ts'
import { TooManyRequests } from '../pipeline/too-many-requests.ts'
import type { ApiRequest, UserInfo } from '../request.ts'
import { FlowMetrics, type FlowSeries } from './flow-metrics.ts'
import { levelLines } from './level-metrics.ts'
import { type Level, Levels } from './levels.ts'
import { mandatoryCatchAll, mandatoryExempt } from './mandatory.ts'
import { flowOf, inOrder, isMeant } from './matching.ts'
import type { Entry } from './queue-set.ts'
import { Refused } from './refused.ts'
import { deal, hashOfFlow } from './shuffle-sharding.ts'
import { WatchCount } from './watch-count.ts'
import { estimate, maxSeats, type ResourceStats } from './work-estimate.ts'

/** What became of a request: the headers that say how it was classified, and how it gives its seats back. */
export interface Place {
  readonly headers: Readonly<Record<string, string>>
  /** In its queue. */
  readonly waitedMs: number
  leave(): void
}

interface FlowControlOptions {
  readonly objects: Objects
  /** Seats of all levels together. */
  readonly total: number
  /** With parts of milliseconds: requests are shorter than one. */
  readonly clock: Clock
  /** undefined: nobody stores them here. */
  readonly stats: (group: string, resource: string) => ResourceStats | undefined
  readonly onWaiting: (info: RequestInfo, isWaiting: boolean) => void
}

interface Classified {
  readonly schema: FlowSchema
  readonly level: Level
  readonly headers: Readonly<Record<string, string>>
  readonly series: FlowSeries
}

/** A kind of request of one user: what is the same each time it is asked. */
interface Flow extends Classified {
  readonly distinguisher: string
  readonly hand: readonly number[]
}

const longestWaitMs = 15_000
const free: Place = { headers: {}, waitedMs: 0, leave: () => {} }
const mostRemembered = 4096

/** API Priority and Fairness over the stored FlowSchemas and PriorityLevelConfigurations. */
export class FlowControl {
  readonly #options: FlowControlOptions
  readonly #metrics = new FlowMetrics()
  readonly watches = new WatchCount()
  readonly #levels: Levels
  #classes: readonly Classified[] | undefined
  /** Of a kind of request and a user: the same is asked again and again. */
  readonly #known = new Map<string, Flow>()

  constructor(options: FlowControlOptions) {
    this.#options = options
    this.#levels = new Levels(options.total, options.clock)
    const forget = () => {
      this.#classes = undefined
      this.#known.clear()
    }
    options.objects.onChange(flowschemas, forget)
    options.objects.onChange(prioritylevelconfigurations, forget)
  }

  /** Takes the request's seats in its priority level, after waiting for them if need be. Throws TooManyRequests. */
  enter(request: ApiRequest, info: RequestInfo, user: UserInfo): Place | Promise<Place> {
    if (request.wantsObjects || (isLongRunning(info) && info.verb !== 'watch')) return free
    const flow = this.#flowOf(info, user)
    const { level, series, schema, distinguisher, hand } = flow
    this.#levels.adjust()
    const { stats, onWaiting, clock } = this.#options
    const isTold = isWrite(info)
    const watches = isTold ? this.watches.interestedIn(info) : 0
    if (isTold) series.watches.observe(watches)
    const work = estimate(info, request.query, { stats, watches }, level.limits.seatsOfRequest)
    series.estimatedSeats.observe(maxSeats(work))
    const asked = {
      series,
      schema: schema.metadata.name ?? '',
      distinguisher,
      hand,
      work,
      user: user.name,
      info,
      onWaiting,
    }
    const sinceMs = clock.now()
    try {
      const entered = level.queueSet.enter(asked, () => AbortSignal.any([request.signal, AbortSignal.timeout(longestWaitMs)]))
      if (!(entered instanceof Promise)) return this.#place(flow, entered, sinceMs)
      return entered.then(
        (entry) => this.#place(flow, entry, sinceMs),
        (error: unknown) => this.#refuse(flow, error, sinceMs),
      )
    } catch (error) {
      return this.#refuse(flow, error, sinceMs)
    }
  }

  /** Of /metrics. */
  *lines(): Generator<string> {
    yield* this.#metrics.lines()
    yield* levelLines(this.levels(), this.#levels.fairFraction)
  }

  /** What is so now, by name. */
  levels(): Level[] {
    this.#current()
    this.#levels.adjust()
    return this.#levels.all()
  }

  #place({ level, series, headers }: Flow, entry: Entry, sinceMs: number): Place {
    const { clock } = this.#options
    const waitedMs = (entry.startedMs ?? sinceMs) - sinceMs
    if (!level.limits.isExempt) series.waited(true, waitedMs / 1000)
    return {
      headers,
      waitedMs,
      leave: () => {
        series.executed(entry.info.verb === 'watch', (clock.now() - (entry.startedMs ?? sinceMs)) / 1000)
        level.queueSet.finish(entry)
      },
    }
  }

  #refuse({ level, series, headers }: Flow, error: unknown, sinceMs: number): never {
    if (!(error instanceof Refused)) throw error
    const now = this.#options.clock.now()
    series.waited(false, (now - sinceMs) / 1000)
    level.retryAfter.refused(Math.floor(now / 1000))
    throw new TooManyRequests(level.retryAfter.seconds, headers)
  }

  #flowOf(info: RequestInfo, user: UserInfo): Flow {
    const { verb, group, resource, subresource, namespace, path, isResource } = info
    const asked = isResource ? `${group}/${resource}/${subresource}/${namespace}` : path
    const key = `${verb} ${asked}\n${user.name}\n${user.groups.join('\n')}`
    const known = this.#known.get(key)
    if (known) return known
    const classes = this.#current()
    const found = classes.find(({ schema }) => isMeant(schema.spec, info, user)) ?? (classes.at(-1) as Classified)
    const { queuing } = found.level.limits
    const hasFlows = queuing !== undefined && queuing.queues > 1
    const distinguisher = hasFlows ? flowOf(found.schema.spec, info, user) : ''
    const hash = hasFlows ? hashOfFlow(found.schema.metadata.name ?? '', distinguisher) : 0n
    const flow = { ...found, distinguisher, hand: queuing ? deal(hash, queuing.queues, queuing.handSize) : [] }
    if (this.#known.size >= mostRemembered) this.#known.clear()
    this.#known.set(key, flow)
    return flow
  }

  #current(): readonly Classified[] {
    this.#classes ??= this.#read()
    return this.#classes
  }

  /** A schema whose level is missing means nothing. The last one means what no other does. */
  #read(): Classified[] {
    const { objects } = this.#options
    this.#levels.settle(objects.list(prioritylevelconfigurations))
    const classified = inOrder(objects.list(flowschemas)).flatMap((schema) => this.#classify(schema))
    const has = (name: string) => classified.some(({ schema }) => schema.metadata.name === name)
    const first = has('exempt') ? [] : this.#classify(mandatoryExempt)
    return [...first, ...classified, ...(has('catch-all') ? [] : this.#classify(mandatoryCatchAll))]
  }

  #classify(schema: FlowSchema): Classified[] {
    const name = schema.spec?.priorityLevelConfiguration.name ?? ''
    const level = this.#levels.get(name)
    if (!level || level.isQuiescing) return []
    const headers = {
      'x-kubernetes-pf-flowschema-uid': schema.metadata.uid ?? '',
      'x-kubernetes-pf-prioritylevel-uid': level.config.metadata.uid ?? '',
    }
    return [{ schema, level, headers, series: this.#metrics.of(name, schema.metadata.name ?? '') }]
  }
}

const writes = new Set(['create', 'update', 'patch', 'delete'])
const isWrite = ({ verb, subresource, resource }: RequestInfo): boolean =>
  writes.has(verb) && !(resource === 'serviceaccounts' && subresource === 'token')
