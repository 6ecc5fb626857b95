import { CelDuration, CelError, CelTimestamp } from '../values.ts'

const NANOS = 1_000_000_000n
const MIN_SECONDS = -62135596800n
const MAX_SECONDS = 253402300799n
const MAX_DURATION = 2n ** 63n - 1n

/** Nanoseconds since 1970. */
const nanosOf = (time: CelTimestamp): bigint => BigInt(time.seconds) * NANOS + BigInt(time.nanos)

/** Throws 'timestamp overflow' outside of the years 1 to 9999. */
export function timestampOfNanos(nanos: bigint): CelTimestamp {
  const rest = ((nanos % NANOS) + NANOS) % NANOS
  const seconds = (nanos - rest) / NANOS
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) throw new CelError('timestamp overflow')
  return new CelTimestamp(Number(seconds), Number(rest))
}

/** Throws 'duration overflow' outside of 64 bits of nanoseconds. */
function durationOfNanos(nanos: bigint): CelDuration {
  if (nanos > MAX_DURATION || nanos < -MAX_DURATION - 1n) throw new CelError('duration overflow')
  return new CelDuration(nanos)
}

export function addTimes(a: CelTimestamp | CelDuration, b: CelTimestamp | CelDuration): CelTimestamp | CelDuration {
  if (a instanceof CelTimestamp) return timestampOfNanos(nanosOf(a) + (b as CelDuration).nanos)
  if (b instanceof CelTimestamp) return timestampOfNanos(nanosOf(b) + a.nanos)
  return durationOfNanos(a.nanos + b.nanos)
}

export function subtractTimes(a: CelTimestamp | CelDuration, b: CelTimestamp | CelDuration): CelTimestamp | CelDuration {
  if (a instanceof CelDuration) return durationOfNanos(a.nanos - (b as CelDuration).nanos)
  if (b instanceof CelTimestamp) return durationOfNanos(nanosOf(a) - nanosOf(b))
  return timestampOfNanos(nanosOf(a) - b.nanos)
}
