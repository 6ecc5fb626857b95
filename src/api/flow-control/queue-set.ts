import type { Clock } from '../../apimachinery/clock.ts'
import type { RequestInfo } from '../pipeline/request-info.ts'
import type { FlowSeries } from './flow-metrics.ts'
import type { Queuing } from './limits.ts'
import { type Refusal, Refused } from './refused.ts'
import { DemandIntegral } from './seat-demand.ts'
import { maxSeats, type WorkEstimate } from './work-estimate.ts'

/** A request that asks for its seats. */
export interface Asked {
  readonly series: FlowSeries
  readonly schema: string
  /** What tells its flow from others of the schema. */
  readonly distinguisher: string
  /** The queues that its flow may use. */
  readonly hand: readonly number[]
  readonly work: WorkEstimate
  readonly user: string
  readonly info: RequestInfo
  /** Told when it begins and ends to wait. */
  readonly onWaiting: (info: RequestInfo, isWaiting: boolean) => void
}

/** A request that waits or has its seats. */
export interface Entry extends Asked {
  readonly arrivedMs: number
  /** undefined while it waits. */
  startedMs: number | undefined
  /** Seats for all of its phases. */
  readonly seats: number
  /** Seat-seconds that it is expected to take. */
  readonly totalWork: number
  readonly arrivalR: number
  readonly queue: Queue | undefined
  admit: (() => void) | undefined
}

/** Requests in the order of their coming, and how far the queue has come in virtual time. */
interface Queue {
  readonly waiting: Entry[]
  readonly executing: Set<Entry>
  /** Seat-seconds of those that wait. */
  work: number
  /** When, in virtual time, its next request is to be dispatched. */
  nextDispatchR: number
  seatsInUse: number
}

/** How the last dispatch from a queue stood in virtual time. */
export interface LastDispatch {
  readonly r: number
  readonly s: number
  readonly nextS: readonly [min: number, max: number]
  readonly discountedS: readonly [min: number, max: number]
}

/** Seconds that a request is expected to take before it is known how long it took. */
const expectedSeconds = 0.003

/**
 * The seats of one priority level and the queues of requests that wait for them. The queue that is furthest behind in virtual time, which
 * runs by the seat-seconds that each of the queues in use may have, is served next, so that every flow gets its fair share
 * (k8s.io/apiserver/pkg/util/flowcontrol/fairqueuing/queueset).
 */
export class QueueSet {
  readonly demand: DemandIntegral
  readonly #clock: Clock
  /** Infinity: exempt. */
  #limit: number
  #queuing: Queuing | undefined
  readonly queues: Queue[] = []
  /** Those that run and went through no queue. */
  readonly queueless = new Set<Entry>()
  waiting = 0
  executing = 0
  seatsInUse = 0
  seatsWaiting = 0
  dispatched = 0
  rejected = 0
  cancelled = 0
  /** Virtual time: seat-seconds that each queue in use could have had since the start. */
  currentR = 0
  lastDispatch: LastDispatch | undefined
  #lastMs: number
  #activeQueues = 0
  #enqueued = 0
  /** The queue served last. */
  #robin = -1

  constructor(queuing: Queuing | undefined, limit: number, clock: Clock) {
    this.#clock = clock
    this.#limit = limit
    this.#lastMs = clock.now()
    this.demand = new DemandIntegral(this.#lastMs)
    this.configure(queuing, limit)
  }

  get isIdle(): boolean {
    return this.waiting === 0 && this.executing === 0
  }

  /** Takes other limits; those that are too many queues now go when they are empty. */
  configure(queuing: Queuing | undefined, limit: number): void {
    this.#advance()
    this.#queuing = queuing
    this.#limit = limit
    while (queuing && this.queues.length < queuing.queues)
      this.queues.push({ waiting: [], executing: new Set(), work: 0, nextDispatchR: 0, seatsInUse: 0 })
    this.#dispatchAll()
  }

  /**
   * An entry: the request may run at once; else a promise of when it may, rejected with Refused when the signal ends the waiting.
   * Throws Refused. The caller must `finish` the entry.
   */
  enter(asked: Asked, whileWaiting: () => AbortSignal): Entry | Promise<Entry> {
    this.#advance()
    if (!this.#queuing) return this.#enterWithoutQueue(asked)
    const index = this.#choose(asked.hand)
    const queue = this.queues[index]
    if (!queue) throw new Error('a flow has no queue')
    if (this.waiting === 0 && this.#fits(maxSeats(asked.work))) return this.#startAtOnce(this.#entry(asked, queue), queue, index)
    if (this.seatsInUse >= this.#limit && queue.waiting.length >= this.#queuing.queueLengthLimit) {
      boundNextDispatch(queue)
      throw this.#refused(asked, 'queue-full')
    }
    const entry = this.#entry(asked, queue)
    this.#enqueue(entry, queue)
    boundNextDispatch(queue)
    asked.series.queueLength.observe(queue.waiting.length)
    this.#dispatchAll()
    return entry.startedMs === undefined ? this.#wait(entry, queue, whileWaiting()) : entry
  }

  /** The request has been answered; its seats are given back now or, when watchers have to be told, a little later. */
  finish(entry: Entry): void {
    this.#advance()
    const { queue, work, series } = entry
    this.executing--
    series.executing(-1)
    if (queue) {
      queue.executing.delete(entry)
      this.#noteIfIdle(queue)
      // It was taken to need `expectedSeconds`.
      const seconds = (this.#lastMs - (entry.startedMs ?? this.#lastMs)) / 1000
      queue.nextDispatchR -= work.initialSeats * (expectedSeconds - seconds)
      boundNextDispatch(queue)
    } else this.queueless.delete(entry)
    if (work.additionalMs > 0) {
      this.#clock.after(work.additionalMs, () => {
        this.#advance()
        this.#release(entry)
        this.#dispatchAll()
      })
    } else this.#release(entry)
    this.#dispatchAll()
  }

  /** What would be done by way of the queue, where nobody waits. */
  #startAtOnce(entry: Entry, queue: Queue, index: number): Entry {
    if (queue.executing.size === 0) {
      queue.nextDispatchR = this.currentR
      this.#activeQueues++
    }
    entry.series.inQueue(0, 0)
    entry.series.queueLength.observe(1)
    const s = queue.nextDispatchR
    const discounted = s - queue.seatsInUse * expectedSeconds
    this.lastDispatch = { r: this.currentR, s, nextS: [s, s], discountedS: [discounted, discounted] }
    this.#admit(entry, queue, index)
    return entry
  }

  #admit(entry: Entry, queue: Queue, index: number): void {
    this.#robin = index
    queue.executing.add(entry)
    queue.seatsInUse += entry.seats
    queue.nextDispatchR += entry.totalWork
    this.#start(entry)
  }

  #enterWithoutQueue(asked: Asked): Entry {
    if (!this.#fits(maxSeats(asked.work))) throw this.#refused(asked, 'concurrency-limit')
    const entry = this.#entry(asked, undefined)
    this.queueless.add(entry)
    this.#start(entry)
    return entry
  }

  #entry(asked: Asked, queue: Queue | undefined): Entry {
    const { work } = asked
    const totalWork = work.initialSeats * expectedSeconds + (work.finalSeats * work.additionalMs) / 1000
    const seats = maxSeats(work)
    // Field by field: it is made for each request.
    return {
      series: asked.series,
      schema: asked.schema,
      distinguisher: asked.distinguisher,
      hand: asked.hand,
      work,
      user: asked.user,
      info: asked.info,
      onWaiting: asked.onWaiting,
      arrivedMs: this.#lastMs,
      arrivalR: this.currentR,
      startedMs: undefined,
      seats,
      totalWork,
      queue,
      admit: undefined,
    }
  }

  /** The index of that of the flow's queues which has the least work waiting. */
  #choose(hand: readonly number[]): number {
    const offset = this.#enqueued++ % hand.length
    let best = -1
    let least = Number.POSITIVE_INFINITY
    for (let i = 0; i < hand.length; i++) {
      const index = hand[(offset + i) % hand.length] ?? 0
      const work = this.queues[index]?.work ?? Number.POSITIVE_INFINITY
      if (work < least) {
        least = work
        best = index
      }
    }
    return best
  }

  #enqueue(entry: Entry, queue: Queue): void {
    if (queue.waiting.length === 0 && queue.executing.size === 0) {
      queue.nextDispatchR = this.currentR
      this.#activeQueues++
    }
    queue.waiting.push(entry)
    queue.work += entry.totalWork
    this.waiting++
    this.seatsWaiting += entry.seats
    entry.series.inQueue(1, entry.seats)
    entry.onWaiting(entry.info, true)
    this.#noteDemand()
  }

  #dequeue(entry: Entry, queue: Queue): void {
    queue.waiting.splice(queue.waiting.indexOf(entry), 1)
    queue.work = queue.waiting.length === 0 ? 0 : queue.work - entry.totalWork
    this.waiting--
    this.seatsWaiting -= entry.seats
    entry.series.inQueue(-1, -entry.seats)
    entry.onWaiting(entry.info, false)
  }

  #start(entry: Entry): void {
    entry.startedMs = this.#lastMs
    this.executing++
    this.seatsInUse += entry.seats
    this.dispatched++
    entry.series.executing(1)
    entry.series.seats(entry.seats)
    this.#noteDemand()
  }

  #release(entry: Entry): void {
    this.seatsInUse -= entry.seats
    entry.series.seats(-entry.seats)
    if (entry.queue) {
      entry.queue.seatsInUse -= entry.seats
      this.#removeIfSpare(entry.queue)
    }
    this.#noteDemand()
  }

  #wait(entry: Entry, queue: Queue, signal: AbortSignal): Promise<Entry> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#advance()
        this.#dequeue(entry, queue)
        this.#noteIfIdle(queue)
        boundNextDispatch(queue)
        this.cancelled++
        this.#noteDemand()
        reject(this.#refused(entry, 'time-out'))
      }
      entry.admit = () => {
        signal.removeEventListener('abort', giveUp)
        resolve(entry)
      }
      if (signal.aborted) giveUp()
      else signal.addEventListener('abort', giveUp, { once: true })
    })
  }

  #refused(asked: Asked, reason: Refusal): Refused {
    this.rejected++
    asked.series.rejected(reason)
    return new Refused(reason)
  }

  #dispatchAll(): void {
    while (this.waiting > 0 && this.seatsInUse < this.#limit && this.#dispatch());
  }

  #dispatch(): boolean {
    const index = this.#next()
    const queue = this.queues[index]
    const entry = queue?.waiting[0]
    if (!queue || !entry) return false
    if (!this.#fits(entry.seats)) {
      entry.series.noAccommodation++
      return false
    }
    this.#noteDispatch(queue)
    this.#dequeue(entry, queue)
    this.#admit(entry, queue, index)
    boundNextDispatch(queue)
    entry.admit?.()
    return true
  }

  /** The queue whose next request would be done first in virtual time; of equal ones the next in turn. */
  #next(): number {
    let best = -1
    let least = Number.POSITIVE_INFINITY
    for (let i = 1; i <= this.queues.length; i++) {
      const index = (this.#robin + i) % this.queues.length
      const queue = this.queues[index]
      const oldest = queue?.waiting[0]
      if (!queue || !oldest) continue
      const finish = queue.nextDispatchR + oldest.totalWork
      if (finish < least) {
        least = finish
        best = index
      }
    }
    return best
  }

  /** A request that asks for more than there is gets all of it, when nothing else runs. */
  #fits(seats: number): boolean {
    return seats > this.#limit ? this.executing === 0 : this.seatsInUse + seats <= this.#limit
  }

  #noteDispatch(chosen: Queue): void {
    const waiting = this.queues.filter((q) => q.waiting.length > 0)
    const next = waiting.map((q) => q.nextDispatchR)
    const discounted = waiting.map((q) => q.nextDispatchR - q.seatsInUse * expectedSeconds)
    this.lastDispatch = {
      r: this.currentR,
      s: chosen.nextDispatchR,
      nextS: [Math.min(...next), Math.max(...next)],
      discountedS: [Math.min(...discounted), Math.max(...discounted)],
    }
  }

  /** Virtual time goes by the seats that each queue in use can have. */
  #advance(): void {
    const now = this.#clock.now()
    if (this.#activeQueues > 0) {
      const rate = Math.min(this.seatsInUse + this.seatsWaiting, this.#limit) / this.#activeQueues
      this.currentR += (rate * (now - this.#lastMs)) / 1000
    }
    this.#lastMs = now
  }

  #noteDemand(): void {
    this.demand.set(this.seatsInUse + this.seatsWaiting, this.#lastMs)
  }

  #noteIfIdle(queue: Queue): void {
    if (queue.waiting.length === 0 && queue.executing.size === 0) this.#activeQueues--
  }

  #removeIfSpare(queue: Queue): void {
    if (this.queues.length <= (this.#queuing?.queues ?? 0) || queue.waiting.length > 0 || queue.executing.size > 0) return
    const index = this.queues.indexOf(queue)
    if (index < 0) return
    this.queues.splice(index, 1)
    if (this.#robin >= index) this.#robin--
  }
}

/** A queue that does not use what it may saves nothing up: nothing is dispatched before it came. */
function boundNextDispatch(queue: Queue): void {
  const arrival = queue.waiting[0]?.arrivalR
  if (arrival !== undefined && queue.nextDispatchR < arrival) queue.nextDispatchR = arrival
}
