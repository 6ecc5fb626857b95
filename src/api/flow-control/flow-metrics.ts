import { Histogram, header, labelValue, type Series, sample } from '../health/exposition.ts'
import type { Refusal } from './refused.ts'

const prefix = 'apiserver_flowcontrol'
const seconds = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30]

/** The histograms of all levels, under the names and bounds of k8s.io/apiserver/pkg/util/flowcontrol/metrics. */
const histograms = () => ({
  queueLength: new Histogram(
    `${prefix}_request_queue_length_after_enqueue`,
    'Length of a queue, as seen by each request after it is enqueued.',
    [0, 10, 25, 50, 100, 250, 500, 1000],
  ),
  waited: new Histogram(`${prefix}_request_wait_duration_seconds`, 'How long requests waited in their queue.', seconds),
  executed: new Histogram(
    `${prefix}_request_execution_seconds`,
    'How long requests were answered (a watch: until its stream began).',
    seconds,
  ),
  watches: new Histogram(`${prefix}_watch_count_samples`, 'Watches that writes had to be told to.', [0, 1, 10, 100, 1000, 10000]),
  estimatedSeats: new Histogram(
    `${prefix}_work_estimated_seats`,
    'Seats that requests were taken to need.',
    [1, 2, 4, 8, 16, 32, 64, 100],
  ),
})

type Histograms = ReturnType<typeof histograms>

/** What is counted of the requests of one schema in one level. Series begin when there is something to count. */
export class FlowSeries {
  readonly labels: string
  readonly #histograms: Histograms
  readonly rejections = new Map<Refusal, number>()
  #queueLength: Series | undefined
  #watches: Series | undefined
  #estimatedSeats: Series | undefined
  #executedWait: Series | undefined
  #refusedWait: Series | undefined
  #regular: Series | undefined
  #watching: Series | undefined
  inQueueRequests: number | undefined
  inQueueSeats = 0
  executingRequests: number | undefined
  executingSeats = 0
  dispatched = 0
  /** How often a request was next and there were not seats enough. */
  noAccommodation = 0

  constructor(level: string, schema: string, all: Histograms) {
    this.labels = `flow_schema="${labelValue(schema)}",priority_level="${labelValue(level)}"`
    this.#histograms = all
  }

  get queueLength(): Series {
    this.#queueLength ??= this.#histograms.queueLength.series(this.labels)
    return this.#queueLength
  }

  get watches(): Series {
    this.#watches ??= this.#histograms.watches.series(this.labels)
    return this.#watches
  }

  get estimatedSeats(): Series {
    this.#estimatedSeats ??= this.#histograms.estimatedSeats.series(this.labels)
    return this.#estimatedSeats
  }

  waited(wasExecuted: boolean, seconds: number): void {
    const { waited } = this.#histograms
    if (wasExecuted) {
      this.#executedWait ??= waited.series(`execute="true",${this.labels}`)
      this.#executedWait.observe(seconds)
    } else {
      this.#refusedWait ??= waited.series(`execute="false",${this.labels}`)
      this.#refusedWait.observe(seconds)
    }
  }

  executed(isWatch: boolean, seconds: number): void {
    const { executed } = this.#histograms
    if (isWatch) {
      this.#watching ??= executed.series(`${this.labels},type="watch"`)
      this.#watching.observe(seconds)
    } else {
      this.#regular ??= executed.series(`${this.labels},type="regular"`)
      this.#regular.observe(seconds)
    }
  }

  rejected(reason: Refusal): void {
    this.rejections.set(reason, (this.rejections.get(reason) ?? 0) + 1)
  }

  inQueue(requests: number, seats: number): void {
    this.inQueueRequests = (this.inQueueRequests ?? 0) + requests
    this.inQueueSeats += seats
  }

  executing(requests: number): void {
    this.executingRequests = (this.executingRequests ?? 0) + requests
    if (requests > 0) this.dispatched += requests
  }

  seats(n: number): void {
    this.executingSeats += n
  }
}

/** What is counted of requests by level and schema. */
export class FlowMetrics {
  readonly #histograms = histograms()
  readonly #series = new Map<string, FlowSeries>()

  of(level: string, schema: string): FlowSeries {
    const key = `${level}/${schema}`
    let series = this.#series.get(key)
    if (!series) {
      series = new FlowSeries(level, schema, this.#histograms)
      this.#series.set(key, series)
    }
    return series
  }

  *lines(): Generator<string> {
    const all = [...this.#series.values()]
    const queued = all.filter((s) => s.inQueueRequests !== undefined)
    const started = all.filter((s) => s.executingRequests !== undefined)
    yield* family('rejected_requests_total', 'counter', 'Requests that were refused.', [
      ...all.flatMap((s) => [...s.rejections].map(([reason, n]) => [`${s.labels},reason="${reason}"`, n] as const)),
    ])
    yield* family('dispatched_requests_total', 'counter', 'Requests that got their seats.', of(started, 'dispatched'))
    yield* family('current_inqueue_requests', 'gauge', 'Requests that wait in queues.', of(queued, 'inQueueRequests'))
    yield* family('current_inqueue_seats', 'gauge', 'Seats that requests in queues wait for.', of(queued, 'inQueueSeats'))
    yield* family('current_executing_requests', 'gauge', 'Requests that are being answered.', of(started, 'executingRequests'))
    yield* family('current_executing_seats', 'gauge', 'Seats of requests that are being answered.', of(started, 'executingSeats'))
    yield* family(
      'request_dispatch_no_accommodation_total',
      'counter',
      'How often the next request found too few seats.',
      of(
        all.filter((s) => s.noAccommodation > 0),
        'noAccommodation',
      ),
    )
    for (const histogram of Object.values(this.#histograms)) yield* histogram.lines()
  }
}

type Counted = 'dispatched' | 'inQueueRequests' | 'inQueueSeats' | 'executingRequests' | 'executingSeats' | 'noAccommodation'

const of = (all: readonly FlowSeries[], name: Counted): (readonly [string, number])[] => all.map((s) => [s.labels, s[name] ?? 0])

/** The lines of a metric of flow control; none when there are no samples. */
export function* family(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  samples: Iterable<readonly [labels: string, value: number]>,
): Generator<string> {
  const lines = [...samples].map(([labels, value]) => sample(`${prefix}_${name}`, labels, value))
  if (lines.length > 0) yield* [...header(`${prefix}_${name}`, type, help), ...lines]
}
