// How many requests a client sends in a time, as client-go's token bucket counts them.
import { setTimeout as sleep } from 'node:timers/promises'

export interface RateLimit {
  /** Requests a second, once the burst is used up. */
  readonly qps: number
  /** Requests that may go at once. */
  readonly burst: number
}

/** How long the request that comes at `now` (ms) waits, in ms. Requests go in the order in which they come. Pure but for what it counts. */
export function tokenBucket({ qps, burst }: RateLimit): (now: number) => number {
  let [tokens, at] = [burst, Number.NEGATIVE_INFINITY]
  return (now) => {
    tokens = Math.min(burst, tokens + ((now - at) / 1000) * qps) - 1
    at = now
    return tokens >= 0 ? 0 : (-tokens / qps) * 1000
  }
}

/** Waits until the next request may go. Rejects when `signal` aborts. */
export function rateLimiter(limit: RateLimit): (signal?: AbortSignal) => Promise<void> {
  const take = tokenBucket(limit)
  return async (signal) => {
    const wait = take(performance.now())
    if (wait > 0) await sleep(wait, undefined, signal ? { signal } : {})
  }
}
