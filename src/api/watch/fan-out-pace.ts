/** So many events that wait are told at once: more in one go saves little, and each of them would come later. */
const enough = 16
/** The rest after telling, in times of what telling took: at first, and after some times without a calm between. */
const restFactor = { least: 2, most: 12 }
const mostRestMs = 50

/** After so long without news the next is told at once, and rests are short again. */
const calmMs = 50

/**
 * When many watches are told next. Telling each watch of several events at once costs the server and the client a fraction of telling one
 * by one, so that under load it pays to rest between: longer from time to time, but not once enough events wait. All times are milliseconds
 * of one clock.
 */
export class FanOutPace {
  #factor = restFactor.least
  #notBefore = Number.NEGATIVE_INFINITY

  /** How long to wait from `now` on with so many events that wait; 0 when not at all. */
  wait(now: number, events: number): number {
    const rest = this.#notBefore - now
    if (rest < -calmMs) this.#factor = restFactor.least
    return events >= enough ? 0 : Math.max(0, rest)
  }

  /** All watches were told, from `started` to `now`. */
  told(started: number, now: number): void {
    this.#notBefore = now + Math.min(mostRestMs, (now - started) * this.#factor)
    this.#factor = Math.min(restFactor.most, this.#factor * 2)
  }
}
