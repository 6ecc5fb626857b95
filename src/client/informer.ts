import { type Clock, systemClock } from '../apimachinery/clock.ts'
import { matchesRequirements, parseSelector } from '../apimachinery/label-selector.ts'
import { type KubeObject, keyOf } from '../apimachinery/object.ts'
import { apiVersionOf, type Resource } from '../apimachinery/resource.ts'
import type { Client } from './client.ts'
import { createIndexedCache, type Indexer } from './informer-cache.ts'
import { reflect, type Sink } from './informer-reflector.ts'

/** Which objects of a resource are kept, and what of them. */
export interface InformerScope<T extends KubeObject = KubeObject> {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** Only metadata is fetched and kept. */
  readonly metadataOnly?: boolean
  /** What is kept of an object; its metadata stays whole but for managedFields. Must be the same function for the same scope. */
  readonly project?: (object: T) => T
}

export interface InformerOptions<T extends KubeObject> extends InformerScope<T> {
  readonly indexers?: Readonly<Record<string, Indexer<T>>>
  readonly clock?: Clock
  /** In [0, 1). */
  readonly random?: () => number
  /** Told of every failure that is retried, and of listeners that throw. */
  readonly onError?: (error: unknown, what: string) => void
}

/** `now` is undefined when the object is gone, `before` when it is new. `initial`: from a list, not from a change just made. */
export type ChangeListener<T> = (now: T | undefined, before: T | undefined, initial: boolean) => void

/** All objects of a resource (within the options' scope), kept current by list and watch. Objects are shared and frozen. */
export interface Informer<T extends KubeObject> {
  /** Begins; a second call does nothing. Ends when `signal` aborts. */
  start(signal: AbortSignal): void
  /** Resolves when the first list is in the cache and its listeners were called. */
  synced(): Promise<void>
  hasSynced(): boolean
  /** By `namespace/name`, or `name` of a cluster-scoped object. */
  get(key: string): T | undefined
  list(): readonly T[]
  /** Throws for an index nobody added. */
  byIndex(name: string, value: string): readonly T[]
  addIndexer(name: string, indexer: Indexer<T>): void
  /** Calls `listener` for what is there, at once (unless `replay` is false), and then for every change, in order, synchronously.
   *  Returns the unsubscribe. */
  onChange(listener: ChangeListener<T>, options?: { readonly replay?: boolean }): () => void
  /** When the server last told something, be it that nothing happened; by the informer's clock. */
  readonly heardAt: number
  /** Whether it has all objects of the resource, of all namespaces. */
  readonly isWhole: boolean
  /** Takes the answer of a write before its watch event arrives, so that a writer sees its own writes. */
  observe(object: T): void
}

/** Objects of a list that are taken in before other work gets a turn. */
const perTurn = 500

const versionOf = (object: KubeObject): number => Number(object.metadata.resourceVersion ?? Number.NaN)

/** Freezes what a client parsed for us; what is frozen already is left as it is. */
function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) freeze(inner)
  return Object.freeze(value)
}

/** Whether an object is in a scope; undefined where that can't be told from here. */
function scopeTest(scope: Pick<InformerScope, 'namespace' | 'labelSelector' | 'fieldSelector'>) {
  const selector = scope.labelSelector ? parseSelector(scope.labelSelector) : undefined
  return ({ metadata }: KubeObject): boolean | undefined => {
    if (scope.namespace !== undefined && metadata.namespace !== scope.namespace) return false
    if (selector && !matchesRequirements(selector, metadata.labels)) return false
    return scope.fieldSelector ? undefined : true
  }
}

/** What a scope keeps of an object, frozen. */
function keeper<T extends KubeObject>({ metadataOnly, project }: InformerScope<T>): (object: T) => T {
  if (!metadataOnly && !project) return freeze
  return (object) => {
    const { managedFields, ...metadata } = object.metadata
    const { apiVersion, kind } = object
    const type = { ...(apiVersion ? { apiVersion } : {}), ...(kind ? { kind } : {}) }
    return freeze({ ...type, ...(project && !metadataOnly ? project(object) : {}), metadata } as T)
  }
}

export function createInformer<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  options: InformerOptions<T> = {},
): Informer<T> {
  const { clock = systemClock, random = Math.random, onError = () => {} } = options
  const cache = createIndexedCache<T>(options.indexers)
  const listeners = new Set<ChangeListener<T>>()
  const isWhole = !options.labelSelector && !options.fieldSelector && options.namespace === undefined
  const isWithin = scopeTest(options)
  const kept = keeper(options)
  /** Keys whose cached object came from a write's answer, until the watch passes it. */
  const ahead = new Set<string>()
  let seen = Number.NEGATIVE_INFINITY
  let heardAt = clock.now()
  let started = false
  const firstList = Promise.withResolvers<void>()
  let hasSynced = false

  const tell = (listener: ChangeListener<T>, now: T | undefined, before: T | undefined, initial: boolean) => {
    try {
      listener(now, before, initial)
    } catch (error) {
      onError(error, `listener of ${apiVersionOf(resource)} ${resource.resource}`)
    }
  }
  const put = (object: T, initial: boolean) => {
    const before = cache.get(keyOf(object))
    cache.set(object)
    for (const listener of listeners) tell(listener, object, before, initial)
  }
  const remove = (key: string, last: T, initial: boolean) => {
    ahead.delete(key)
    cache.delete(key)
    for (const listener of listeners) tell(listener, undefined, last, initial)
  }
  /** Whether the cache already holds, from an own write, something newer than `object`. */
  const isPassed = (key: string, version: number): boolean => {
    if (!ahead.has(key)) return false
    const cached = cache.get(key)
    if (cached && versionOf(cached) > version) return true
    ahead.delete(key)
    return false
  }
  const advance = (version: string) => {
    const number = Number(version)
    if (version !== '' && number > seen) seen = number
  }

  const sink: Sink<T> = {
    async replace(objects, resourceVersion) {
      heardAt = clock.now()
      advance(resourceVersion)
      const keys = new Set(objects.map(keyOf))
      const absent = [...cache.keys()].filter((key) => !keys.has(key) && !isPassed(key, Number(resourceVersion)))
      for (const key of absent) remove(key, cache.get(key) as T, true)
      let done = 0
      for (const object of objects) {
        // Others get a turn: there may be very many.
        if (++done % perTurn === 0) await new Promise((resolve) => setImmediate(resolve))
        const before = cache.get(keyOf(object))
        if (before?.metadata.resourceVersion === object.metadata.resourceVersion && before?.metadata.uid === object.metadata.uid)
          ahead.delete(keyOf(object))
        else if (!isPassed(keyOf(object), versionOf(object))) put(kept(object), true)
      }
      hasSynced = true
      firstList.resolve()
    },
    change({ type, object }) {
      heardAt = clock.now()
      const key = keyOf(object)
      advance(object.metadata.resourceVersion ?? '')
      if (isPassed(key, versionOf(object))) return
      if (type === 'DELETED') return remove(key, kept(object), false)
      const cached = cache.get(key)
      if (
        cached &&
        cached.metadata.resourceVersion === object.metadata.resourceVersion &&
        cached.metadata.uid === object.metadata.uid
      )
        return
      put(kept(object), false)
    },
    bookmark(version) {
      heardAt = clock.now()
      advance(version)
    },
  }

  return {
    start(signal) {
      if (started) return
      started = true
      const { namespace, labelSelector, fieldSelector, metadataOnly } = options
      const scope = { namespace, labelSelector, fieldSelector, metadataOnly }
      void reflect(client, resource, sink, { ...scope, clock, random, signal, onError })
    },
    isWhole,
    get heardAt() {
      return heardAt
    },
    synced: () => firstList.promise,
    hasSynced: () => hasSynced,
    get: cache.get,
    list: cache.list,
    byIndex: cache.byIndex,
    addIndexer: cache.addIndexer,
    onChange(listener, { replay = true } = {}) {
      listeners.add(listener)
      if (replay) for (const object of cache.list()) tell(listener, object, undefined, true)
      return () => listeners.delete(listener)
    },
    observe(object) {
      // What the watch has passed already may be stale by now: an object that was deleted meanwhile must not come back.
      if (!hasSynced || !(versionOf(object) > seen)) return
      const cached = cache.get(keyOf(object))
      if (cached && versionOf(cached) >= versionOf(object)) return
      const within = isWithin(object)
      // Whether it is meant only the server can tell: the watch will.
      if (within === undefined || (!within && !cached)) return
      ahead.add(keyOf(object))
      if (within) put(kept(object), false)
      else remove(keyOf(object), kept(object), false)
    },
  }
}
