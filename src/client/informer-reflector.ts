import type { WatchEvent } from '../api/request.ts'
import { type Clock, sleep } from '../apimachinery/clock.ts'
import { type KubeObject, keyOf } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import { isGone, isNotFound, StatusError } from '../apimachinery/status.ts'
import type { Client } from './client.ts'
import { createBackoff } from './informer-backoff.ts'

/** Takes what a reflector learns, in order. */
export interface Sink<T> {
  /** These are all objects there are, as of `resourceVersion`. */
  replace(objects: readonly T[], resourceVersion: string): void
  change(event: WatchEvent<T>): void
  bookmark(resourceVersion: string): void
}

export interface ReflectorOptions {
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

const initialEventsEnd = 'k8s.io/initial-events-end'
const pageSize = 500
/** Events handled before other work gets a turn. */
const batchPerTurn = 256

const isBusy = (e: unknown): boolean => !(e instanceof StatusError) || e.code === 429 || e.code === 503 || e.code === 504
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/**
 * Keeps `sink` equal to what the server has until `options.signal` aborts (client-go's Reflector): a streaming list where it is
 * served, else a paged list; then a watch that resumes at the last resourceVersion, and a new list when that is too old.
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
  let streams = true

  const failed = async (error: unknown, what: string) => {
    onError(error, `${what} ${resource.resource}`)
    await sleep(clock, backoff.next(), signal)
  }

  while (!signal.aborted) {
    const streaming: boolean = position === undefined && streams
    try {
      if (position === undefined && !streaming) {
        position = await list(client, resource, sink, options)
        continue
      }
      const started = clock.now()
      let events = 0
      for await (const at of watch(client, resource, sink, options, position)) {
        position = at
        events++
      }
      if (!signal.aborted && events === 0 && clock.now() - started < 1000)
        await failed(new Error('ended without events'), 'watch')
    } catch (error) {
      if (signal.aborted) break
      if (isGone(error)) position = undefined
      else if (isBusy(error) || isNotFound(error)) await failed(error, streaming ? 'list' : 'watch')
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

/** One watch, from `from` or (without) with all objects first. Yields the position after each batch that moved it. */
async function* watch<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  sink: Sink<T>,
  options: ReflectorOptions,
  from: Position,
): AsyncGenerator<Position> {
  const timeoutSeconds = Math.floor(300 + options.random() * 300)
  // A server or a connection that went silent ends here too.
  const silent = new AbortController()
  const cancel = options.clock.after((timeoutSeconds + 30) * 1000, () => silent.abort())
  let initial: Map<string, T> | undefined = from ? undefined : new Map()
  try {
    const batches = client.watch(resource, {
      ...scopeOf(options),
      allowWatchBookmarks: true,
      timeoutSeconds,
      signal: AbortSignal.any([options.signal, silent.signal]),
      ...(from ? from : { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' as const }),
    })
    let sinceTurn = 0
    for await (const batch of batches) {
      let at: Position
      for (const event of batch) {
        const version = event.object.metadata.resourceVersion ?? ''
        if (initial) {
          if (event.type !== 'BOOKMARK') initial.set(keyOf(event.object), event.object)
          else if (event.object.metadata.annotations?.[initialEventsEnd] === 'true') {
            sink.replace([...initial.values()], version)
            initial = undefined
            at = { resourceVersion: version }
          }
          continue
        }
        if (event.type === 'BOOKMARK') sink.bookmark(version)
        else sink.change(event)
        at = { resourceVersion: version }
        if (++sinceTurn % batchPerTurn === 0) await turn()
      }
      if (at) yield at
    }
  } finally {
    cancel()
  }
}

async function list<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  sink: Sink<T>,
  options: ReflectorOptions,
): Promise<Position> {
  const objects: T[] = []
  let next: string | undefined
  for (;;) {
    const page = await client.list(resource, {
      ...scopeOf(options),
      signal: options.signal,
      limit: pageSize,
      ...(next ? { continue: next } : {}),
    })
    objects.push(...page.items)
    next = page.metadata.continue
    if (next) continue
    const resourceVersion = page.metadata.resourceVersion ?? ''
    sink.replace(objects, resourceVersion)
    return { resourceVersion }
  }
}

function scopeOf(options: ReflectorOptions) {
  return {
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
    ...(options.labelSelector ? { labelSelector: options.labelSelector } : {}),
    ...(options.fieldSelector ? { fieldSelector: options.fieldSelector } : {}),
    ...(options.metadataOnly ? { metadataOnly: true } : {}),
  }
}
