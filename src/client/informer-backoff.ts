import type { Clock } from '../apimachinery/clock.ts'

interface BackoffOptions {
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  readonly baseMs?: number
  readonly maxMs?: number
  /** Without failure for this long, the next one starts at baseMs again. */
  readonly resetAfterMs?: number
}

/** How long to wait after each failure of a connection: base × 2ⁿ ≤ max, plus 0–100 % (client-go's reflector: 0.8 s … 30 s). */
export function createBackoff(options: BackoffOptions): { next(): number } {
  const { clock, random, baseMs = 800, maxMs = 30_000, resetAfterMs = 120_000 } = options
  let failures = 0
  let lastFailure = Number.NEGATIVE_INFINITY
  return {
    next() {
      if (clock.now() - lastFailure > resetAfterMs) failures = 0
      lastFailure = clock.now()
      const delay = Math.min(maxMs, baseMs * 2 ** failures)
      failures = Math.min(failures + 1, 30)
      return delay * (1 + random())
    },
  }
}
