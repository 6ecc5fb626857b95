import type { Clock } from '../../apimachinery/clock.ts'
import type { PriorityLevelConfiguration } from '../../apimachinery/kinds.generated.ts'
import { type LevelLimits, limitsOf } from './limits.ts'
import { mandatoryLevels } from './mandatory.ts'
import { QueueSet } from './queue-set.ts'
import { RetryAfter } from './retry-after.ts'
import { allocate } from './seat-allocation.ts'
import { type DemandStats, noDemand, updated } from './seat-demand.ts'

/** One priority level: its limits, its queues, and how much of the others' seats it has at present. */
export interface Level {
  readonly name: string
  config: PriorityLevelConfiguration
  limits: LevelLimits
  readonly queueSet: QueueSet
  readonly retryAfter: RetryAfter
  demand: DemandStats
  /** Seats that it was to get at the last adjustment, before they were shared out. */
  target: number
  /** What it may have now; of an exempt level, what is set aside for it. */
  seats: number
  /** Its configuration is gone: it goes when nothing runs in it. */
  isQuiescing: boolean
}

const periodMs = 10_000

/** The priority levels of a server. Seats that a level does not need are lent to others, by a new count every ten seconds. */
export class Levels {
  readonly #clock: Clock
  readonly #total: number
  readonly #byName = new Map<string, Level>()
  #adjustedMs: number
  /** What part of its target each level got whom no bound stopped. */
  fairFraction = 0

  constructor(total: number, clock: Clock) {
    this.#total = total
    this.#clock = clock
    this.#adjustedMs = clock.now()
    this.settle([])
  }

  get(name: string): Level | undefined {
    return this.#byName.get(name)
  }

  /** By name. */
  all(): Level[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Takes over what is configured now. Levels that are gone stay until nothing runs in them. */
  settle(stored: readonly PriorityLevelConfiguration[]): void {
    const wanted = new Map([...mandatoryLevels, ...stored].map((config) => [config.metadata.name ?? '', config]))
    const kept = [...this.#byName.values()].filter(({ name, queueSet }) => wanted.has(name) || !queueSet.isIdle)
    for (const name of this.#byName.keys()) if (!kept.some((level) => level.name === name)) this.#byName.delete(name)
    const leaving = kept.filter(({ name }) => !wanted.has(name))
    for (const level of leaving) level.isQuiescing = true
    const configs = [...wanted.values(), ...leaving.map(({ config }) => config)]
    const limits = limitsOf(configs, this.#total)
    for (const config of configs) {
      const own = limits.get(config.metadata.name ?? '')
      if (own) this.#put(config, own, wanted)
    }
    this.#share()
  }

  #put(config: PriorityLevelConfiguration, limits: LevelLimits, wanted: ReadonlyMap<string, unknown>): void {
    const name = config.metadata.name ?? ''
    const known = this.#byName.get(name)
    if (known) {
      known.config = config
      known.limits = limits
      known.isQuiescing = !wanted.has(name)
      return
    }
    const queueSet = new QueueSet(limits.queuing, limits.lower, this.#clock)
    const rest = { retryAfter: new RetryAfter(), demand: noDemand, target: 0, seats: limits.lower, isQuiescing: false }
    this.#byName.set(name, { name, config, limits, queueSet, ...rest })
  }

  /** Shares seats out anew when ten seconds have passed since the last time. Called by whatever happens: a server at rest has nothing to share. */
  adjust(): void {
    const now = this.#clock.now()
    const periods = Math.floor((now - this.#adjustedMs) / periodMs)
    if (periods < 1) return
    this.#adjustedMs += periods * periodMs
    this.#share(periods)
  }

  /** What a level may have: its own, less what it lends, more what it borrows (updateBorrowing of k8s.io/apiserver/pkg/util/flowcontrol). */
  #share(periods = 1): void {
    const now = this.#clock.now()
    const all = [...this.#byName.values()]
    for (const level of all) level.demand = updated(level.demand, level.queueSet.demand.reset(now), periods)
    const limited = all.filter(({ limits }) => !limits.isExempt)
    const nominal = all.reduce((n, { limits }) => n + limits.nominal, 0)
    const exempt = all.filter(({ limits }) => limits.isExempt)
    const remaining = nominal - exempt.reduce((n, level) => n + leastOf(level), 0)
    const seats = this.#seatsOf(limited, nominal, remaining)
    for (const level of exempt) {
      level.seats = leastOf(level)
      level.queueSet.configure(undefined, Number.POSITIVE_INFINITY)
    }
    for (const [i, level] of limited.entries()) {
      level.seats = seats[i] ?? 0
      level.queueSet.configure(level.limits.queuing, level.seats)
    }
  }

  #seatsOf(levels: readonly Level[], nominal: number, remaining: number): number[] {
    const claims = levels.map((level) => {
      const lower = leastOf(level)
      level.target = Math.max(lower, level.demand.smoothed)
      return { target: level.target, lower, upper: level.limits.upper }
    })
    const lowerSum = levels.reduce((n, { limits }) => n + limits.lower, 0)
    const leastSum = claims.reduce((n, { lower }) => n + lower, 0)
    this.fairFraction = 0
    if (remaining <= lowerSum) return levels.map(({ limits }) => limits.lower)
    if (remaining <= leastSum) {
      const fraction = (remaining - lowerSum) / (leastSum - lowerSum)
      return levels.map((level) => level.limits.lower + Math.round((leastOf(level) - level.limits.lower) * fraction))
    }
    const found = allocate(nominal, claims)
    if (!found) return levels.map(({ seats }) => seats)
    this.fairFraction = found.fairFraction
    return found.seats.map(Math.round)
  }
}

/** What a level keeps: what it lately needed of its own, and never less than it has to keep. */
function leastOf({ limits, demand: { highWatermark } }: Level): number {
  return Math.max(limits.lower, limits.isExempt ? highWatermark : Math.min(limits.nominal, highWatermark))
}
