import type { Clock } from '../apimachinery/clock.ts'

const similarLimit = 10
const similarWindowMs = 600_000
const burst = 25
const refillMs = 300_000
const keptLimit = 4096

/** A map that forgets the oldest beyond `keptLimit`. */
export function remember<V>(map: Map<string, V>, key: string, value: V): V {
  map.delete(key)
  map.set(key, value)
  if (map.size > keptLimit) map.delete(map.keys().next().value as string)
  return value
}

/** What holds back an object that has too much to tell, as client-go does. */
export class EventLimits {
  readonly #clock: Clock
  readonly #similar = new Map<string, { messages: Set<string>; since: number }>()
  readonly #buckets = new Map<string, { tokens: number; at: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether what `about` is about has told too much of late; if not, this counts. */
  isFlood(about: string): boolean {
    const now = this.#clock.now()
    const bucket = this.#buckets.get(about) ?? { tokens: burst, at: now }
    bucket.tokens = Math.min(burst, bucket.tokens + (now - bucket.at) / refillMs)
    bucket.at = now
    remember(this.#buckets, about, bucket)
    if (bucket.tokens < 1) return true
    bucket.tokens--
    return false
  }

  /** The message, or the combined one when there were too many of its kind. */
  combined(kind: string, message: string): { readonly message: string; readonly isCombined: boolean } {
    const now = this.#clock.now()
    const known = this.#similar.get(kind)
    const isRecent = known && now - known.since < similarWindowMs
    const { messages } = remember(this.#similar, kind, isRecent ? known : { messages: new Set<string>(), since: now })
    messages.add(message)
    if (messages.size < similarLimit) return { message, isCombined: false }
    messages.delete(messages.values().next().value as string)
    return { message: `(combined from similar events): ${message}`, isCombined: true }
  }
}
