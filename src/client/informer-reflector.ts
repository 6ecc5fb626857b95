import type { WatchEvent } from '../api/request.ts'
import { type Clock, sleep } from '../apimachinery/clock.ts'
import { type KubeObject, keyOf } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import { isGone, isNotFound, StatusError } from '../apimachinery/status.ts'
import type { Client } from './client.ts'
import { createBackoff } from './informer-backoff.ts'

/** Takes what a reflector learns, in order. */
export interface Sink<T> {
  /** These are all objects there are, as of `resourceVersion`. Nothing else is told until it resolves. */
  replace(objects: readonly T[], resourceVersion: string): Promise<void> | void
  change(event: WatchEvent<T>): void
  bookmark(resourceVersion: string): void
}

interface ReflectorOptions {
  readonly namespace?: string | undefined
  readonly labelSelector?: string | undefined
  readonly fieldSelector?: string | undefined
  readonly metadataOnly?: boolean | undefined
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  readonly signal: AbortSignal
  /** Told of every failure that is retried. */
  readonly onError: (error: unknown, what: string) => void
}

/** Where a reflector stands: without state it lists; with one it watches from there. */
type Position = { readonly resourceVersion: string } | undefined

/** As of when a list must be. */
interface Freshness {
  /** Not older than what was seen last; 0, whatever the server has at hand, at first. */
  readonly notBefore: string
  /** The server has not that version, or not any more: what is true now. */
  readonly isConsistent: boolean
}

const initialEventsEnd = 'k8s.io/initial-events-end'
const pageSize = 500
/** Bookmarks come once a minute. */
const silentMs = 180_000
/** Events handled before other work gets a turn. */
const batchPerTurn = 256

/** The server asked lags behind the one that answered before. */
const isTooLarge = (e: unknown): boolean =>
  e instanceof StatusError && (e.status.details?.causes?.some((c) => c.reason === 'ResourceVersionTooLarge') ?? false)
const isBusy = (e: unknown): boolean => !(e instanceof StatusError) || e.code === 429 || e.code === 503 || e.code === 504
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/**
 * Keeps `sink` equal to what the server has until `options.signal` aborts (client-go's Reflector): a streaming list where it is
 * served, else a list; then a watch that resumes at the last resourceVersion, and a new list when that is too old. Never goes back in time.
 */
export async function reflect<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  sink: Sink<T>,
  options: ReflectorOptions,
): Promise<void> {
  const { signal, clock, random, onError } = options
  const backoff = createBackoff({ clock, random })
  let position: Position
  let freshness: Freshness = { notBefore: '', isConsistent: false }
  let streams = true

  const failed = async (error: unknown, what: string) => {
    onError(error, `${what} ${resource.resource}`)
    await sleep(clock, backoff.next(), signal)
  }

  while (!signal.aborted) {
    const streaming: boolean = position === undefined && streams
    try {
      if (position === undefined && !streaming) {
        position = await list(client, resource, sink, options, freshness)
        freshness = { notBefore: position.resourceVersion, isConsistent: false }
        continue
      }
      const started = clock.now()
      let events = 0
      for await (const at of watch(client, resource, sink, options, position ?? freshness)) {
        position = at
        freshness = { notBefore: at.resourceVersion, isConsistent: false }
        events++
      }
      if (!signal.aborted && events === 0 && clock.now() - started < 1000)
        await failed(new Error('ended without events'), 'watch')
    } catch (error) {
      if (signal.aborted) break
      if (isGone(error) || (position === undefined && isTooLarge(error))) {
        position = undefined
        // Twice in a row: not at once again.
        if (freshness.isConsistent) await failed(error, 'list')
        freshness = { notBefore: '', isConsistent: true }
      } else if (isBusy(error) || isNotFound(error)) await failed(error, streaming ? 'list' : 'watch')
      else if (streaming) {
        streams = false
        onError(error, `list as a stream ${resource.resource}`)
      } else {
        position = undefined
        await failed(error, 'list or watch')
      }
    }
  }
}

/** One watch, from a position, or with all objects first, as fresh as asked. Yields the position after each batch that moved it. */
async function* watch<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  sink: Sink<T>,
  options: ReflectorOptions,
  from: NonNullable<Position> | Freshness,
): AsyncGenerator<NonNullable<Position>> {
  const isResumed = 'resourceVersion' in from
  const timeoutSeconds = Math.floor(300 + options.random() * 300)
  const silence = listenFor(options.clock, timeoutSeconds)
  let initial: Map<string, T> | undefined = isResumed ? undefined : new Map()
  try {
    const batches = client.watch(resource, {
      ...scopeOf(options),
      allowWatchBookmarks: true,
      timeoutSeconds,
      signal: AbortSignal.any([options.signal, silence.signal]),
      ...(isResumed ? from : { ...streamed(from), sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' as const }),
    })
    let sinceTurn = 0
    for await (const batch of batches) {
      let at: Position
      for (const event of batch) {
        const version = event.object.metadata.resourceVersion ?? ''
        if (initial) {
          if (event.type !== 'BOOKMARK') initial.set(keyOf(event.object), event.object)
          else if (event.object.metadata.annotations?.[initialEventsEnd] === 'true') {
            await sink.replace([...initial.values()], version)
            initial = undefined
            at = { resourceVersion: version }
          }
          continue
        }
        if (event.type === 'BOOKMARK') {
          sink.bookmark(version)
          silence.isBroken()
        } else sink.change(event)
        at = { resourceVersion: version }
        if (++sinceTurn % batchPerTurn === 0) await turn()
      }
      if (at) yield at
    }
  } finally {
    silence.end()
  }
}

/**
 * Aborts when a server or a connection went silent: at the latest after the time of the watch, and soon where bookmarks tell that it lives
 * (`isBroken`: one has).
 */
function listenFor(clock: Clock, timeoutSeconds: number) {
  const silent = new AbortController()
  const cancelLast = clock.after((timeoutSeconds + 30) * 1000, () => silent.abort())
  let cancelSoon = () => {}
  return {
    signal: silent.signal,
    isBroken(): void {
      cancelSoon()
      cancelSoon = clock.after(silentMs, () => silent.abort())
    },
    end(): void {
      cancelLast()
      cancelSoon()
    },
  }
}

async function list<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  sink: Sink<T>,
  options: ReflectorOptions,
  { notBefore, isConsistent }: Freshness,
): Promise<NonNullable<Position>> {
  const objects: T[] = []
  let next: string | undefined
  for (;;) {
    const page = await client.list(resource, {
      ...scopeOf(options),
      signal: options.signal,
      // What the server has at hand it gives whole.
      ...(isConsistent ? { limit: pageSize } : { resourceVersion: notBefore || '0' }),
      ...(next ? { continue: next } : {}),
    })
    objects.push(...page.items)
    next = page.metadata.continue
    if (next) continue
    const resourceVersion = page.metadata.resourceVersion ?? ''
    await sink.replace(objects, resourceVersion)
    return { resourceVersion }
  }
}

const streamed = ({ notBefore }: Freshness) => (notBefore === '' ? {} : { resourceVersion: notBefore })

function scopeOf(options: ReflectorOptions) {
  return {
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
    ...(options.labelSelector ? { labelSelector: options.labelSelector } : {}),
    ...(options.fieldSelector ? { fieldSelector: options.fieldSelector } : {}),
    ...(options.metadataOnly ? { metadataOnly: true } : {}),
  }
}
