import { StatusError } from '../../apimachinery/status.ts'

export interface LevelLimits {
  /** How many requests run at once. */
  readonly seats: number
  /** How many of one flow, and of all, may wait; 0: none. */
  readonly waitingOfFlow: number
  readonly waiting: number
}

interface Waiting {
  readonly admit: () => void
}

/** The places of one priority level, and the lines of requests that wait for one: a line a flow, served in turn. */
export class Level {
  limits: LevelLimits
  #running = 0
  #waiting = 0
  /** Lines that are not empty, the next to be served first. */
  readonly #lines = new Map<string, Waiting[]>()

  constructor(limits: LevelLimits) {
    this.limits = limits
  }

  /**
   * undefined: the request may run at once; else resolves when it may, and rejects when the signal ends the waiting. Throws 429 when
   * too many wait. The caller must `leave`.
   */
  enter(flow: string, whileWaiting: () => AbortSignal): undefined | Promise<void> {
    if (this.#running < this.limits.seats && this.#waiting === 0) {
      this.#running++
      return undefined
    }
    const line = this.#lines.get(flow) ?? []
    if (this.#waiting >= this.limits.waiting || line.length >= this.limits.waitingOfFlow) throw tooManyRequests()
    const signal = whileWaiting()
    return new Promise((resolve, reject) => {
      const one: Waiting = {
        admit: () => {
          signal.removeEventListener('abort', giveUp)
          resolve()
        },
      }
      const giveUp = () => {
        this.#remove(flow, one)
        reject(tooManyRequests())
      }
      signal.addEventListener('abort', giveUp, { once: true })
      line.push(one)
      this.#lines.set(flow, line)
      this.#waiting++
    })
  }

  leave(): void {
    this.#running--
    this.#admitNext()
  }

  /** A change of limits may let more run. */
  change(limits: LevelLimits): void {
    this.limits = limits
    this.#admitNext()
  }

  #admitNext(): void {
    while (this.#running < this.limits.seats && this.#waiting > 0) {
      const [flow = '', line = []] = this.#lines.entries().next().value ?? []
      const one = line.shift()
      // The flow goes to the end of the turn.
      this.#lines.delete(flow)
      if (line.length > 0) this.#lines.set(flow, line)
      if (!one) continue
      this.#waiting--
      this.#running++
      one.admit()
    }
  }

  #remove(flow: string, one: Waiting): void {
    const line = this.#lines.get(flow)
    const i = line?.indexOf(one) ?? -1
    if (!line || i < 0) return
    line.splice(i, 1)
    this.#waiting--
    if (line.length === 0) this.#lines.delete(flow)
  }
}

export function tooManyRequests(): StatusError {
  const message = 'Too many requests, please try again later.'
  return new StatusError(429, 'TooManyRequests', message, { retryAfterSeconds: 1 })
}
