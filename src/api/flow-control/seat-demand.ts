/** What was seen of a number over a time. */
interface Observed {
  /** Milliseconds. */
  readonly duration: number
  /** Weighted by time; 0 when no time has passed. */
  readonly average: number
  /** Standard deviation, weighted by time. */
  readonly deviation: number
  readonly max: number
}

/** Integrates over time how many seats the requests of a level have or wait for. Times are in milliseconds. */
export class DemandIntegral {
  value = 0
  #lastMs: number
  #duration = 0
  #sum = 0
  #squares = 0
  #max = 0

  constructor(nowMs: number) {
    this.#lastMs = nowMs
  }

  set(value: number, nowMs: number): void {
    this.#advance(nowMs)
    this.value = value
    if (value > this.#max) this.#max = value
  }

  /** What was seen since the last reset, and begins anew. */
  reset(nowMs: number): Observed {
    this.#advance(nowMs)
    const duration = this.#duration
    const average = duration > 0 ? this.#sum / duration : 0
    const variance = duration > 0 ? this.#squares / duration - average * average : 0
    const seen = { duration, average, deviation: Math.sqrt(Math.max(0, variance)), max: this.#max }
    this.#duration = 0
    this.#sum = 0
    this.#squares = 0
    this.#max = this.value
    return seen
  }

  #advance(nowMs: number): void {
    const passed = nowMs - this.#lastMs
    this.#lastMs = nowMs
    this.#duration += passed
    this.#sum += this.value * passed
    this.#squares += this.value * this.value * passed
  }
}

/** The demand of a level, as the sharing of seats sees it. */
export interface DemandStats {
  readonly average: number
  readonly deviation: number
  readonly highWatermark: number
  /** Rises at once and falls slowly. */
  readonly smoothed: number
}

export const noDemand: DemandStats = { average: 0, deviation: 0, highWatermark: 0, smoothed: 0 }

/** Half of a demand that is gone is forgotten in five minutes. */
const decay = 0.977

/** `periods`: how many adjustment periods the observation spans; more than one after a time in which nothing was adjusted. */
export function updated(stats: DemandStats, seen: Observed, periods: number): DemandStats {
  const highWatermark = Math.round(seen.max)
  if (seen.duration <= 0) return { ...stats, highWatermark }
  const envelope = seen.average + seen.deviation
  const kept = decay ** Math.max(1, periods)
  const smoothed = Math.max(envelope, kept * stats.smoothed + (1 - kept) * envelope)
  return { average: seen.average, deviation: seen.deviation, highWatermark, smoothed }
}
