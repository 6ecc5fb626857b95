import type { CacheEvent } from '../watch/cache-event.ts'

/** The frames of several events in one. */
interface Joined {
  readonly bytes: Uint8Array
  /** Of each frame. */
  readonly sizes: readonly number[]
}

/** More than this is not joined: each place that a slow watch can be at would have a copy of its own. */
const mostJoined = 64 * 1024

/** By the events, then by form and prefix. Watches that keep up are all at the same place. */
const joins = new WeakMap<readonly CacheEvent[], Map<string, Joined | undefined>>()

/**
 * The frames of all `events` under `prefix`, made once for all watches of a `form`; undefined when they must be made one by one, because `frameOf`
 * has not all of them at once or they are too large.
 */
export function joinedFrames(
  events: readonly CacheEvent[],
  prefix: string,
  form: string,
  frameOf: (event: CacheEvent) => Uint8Array | undefined,
): Joined | undefined {
  const known = joins.get(events) ?? new Map<string, Joined | undefined>()
  joins.set(events, known)
  const key = `${form} ${prefix}`
  if (!known.has(key)) known.set(key, join(events, prefix, frameOf))
  return known.get(key)
}

function join(
  events: readonly CacheEvent[],
  prefix: string,
  frameOf: (event: CacheEvent) => Uint8Array | undefined,
): Joined | undefined {
  const frames: Uint8Array[] = []
  let size = 0
  for (const event of events) {
    if (!event.key.startsWith(prefix)) continue
    const made = frameOf(event)
    if (!made) return undefined
    size += made.length
    if (size > mostJoined) return undefined
    frames.push(made)
  }
  const [only] = frames
  const bytes = only && frames.length === 1 ? only : Buffer.concat(frames, size)
  return { bytes, sizes: frames.map(({ length }) => length) }
}
