import type { WatchEvent } from '../api/request.ts'
import { type Clock, systemClock } from '../apimachinery/clock.ts'
import { type KubeObject, keyOf } from '../apimachinery/object.ts'
import { apiVersionOf, type Resource } from '../apimachinery/resource.ts'
import type { Client } from './client.ts'
import { createIndexedCache, type IndexedCache, type Indexer } from './informer-cache.ts'
import { reflect, type Sink } from './informer-reflector.ts'
import { type InformerScope, keeper, scopeTest } from './informer-scope.ts'

interface InformerOptions<T extends KubeObject> extends InformerScope<T> {
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

const isSameVersion = ({ metadata: a }: KubeObject, { metadata: b }: KubeObject): boolean =>
  a.resourceVersion === b.resourceVersion && a.uid === b.uid

export const createInformer = <T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  options: InformerOptions<T> = {},
): Informer<T> => new ReflectedInformer(client, resource, options)

/** An informer that a reflector feeds. */
class ReflectedInformer<T extends KubeObject> implements Informer<T>, Sink<T> {
  readonly isWhole: boolean
  readonly #client: Client
  readonly #resource: Resource<T>
  readonly #options: InformerOptions<T>
  readonly #clock: Clock
  readonly #onError: NonNullable<InformerOptions<T>['onError']>
  readonly #cache: IndexedCache<T>
  readonly #listeners = new Set<ChangeListener<T>>()
  readonly #isWithin: (object: T) => boolean | undefined
  readonly #kept: (object: T) => T
  /** Keys whose cached object came from a write's answer, until the watch passes it. */
  readonly #ahead = new Set<string>()
  readonly #firstList = Promise.withResolvers<void>()
  /** The highest version that the watch has told. */
  #seen = Number.NEGATIVE_INFINITY
  #heardAt: number
  #started = false
  #hasSynced = false

  constructor(client: Client, resource: Resource<T>, options: InformerOptions<T>) {
    this.#client = client
    this.#resource = resource
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#onError = options.onError ?? (() => {})
    this.#cache = createIndexedCache<T>(options.indexers)
    this.#isWithin = scopeTest(options)
    this.#kept = keeper(options)
    this.#heardAt = this.#clock.now()
    this.isWhole = !options.labelSelector && !options.fieldSelector && options.namespace === undefined
  }

  start(signal: AbortSignal): void {
    if (this.#started) return
    this.#started = true
    const { namespace, labelSelector, fieldSelector, metadataOnly, random = Math.random } = this.#options
    const scope = { namespace, labelSelector, fieldSelector, metadataOnly }
    void reflect(this.#client, this.#resource, this, { ...scope, clock: this.#clock, random, signal, onError: this.#onError })
  }

  get heardAt(): number {
    return this.#heardAt
  }

  synced(): Promise<void> {
    return this.#firstList.promise
  }

  hasSynced(): boolean {
    return this.#hasSynced
  }

  get(key: string): T | undefined {
    return this.#cache.get(key)
  }

  list(): readonly T[] {
    return this.#cache.list()
  }

  byIndex(name: string, value: string): readonly T[] {
    return this.#cache.byIndex(name, value)
  }

  addIndexer(name: string, indexer: Indexer<T>): void {
    this.#cache.addIndexer(name, indexer)
  }

  onChange(listener: ChangeListener<T>, { replay = true }: { readonly replay?: boolean } = {}): () => void {
    this.#listeners.add(listener)
    if (replay) for (const object of this.#cache.list()) this.#tell(listener, object, undefined, true)
    return () => this.#listeners.delete(listener)
  }

  observe(object: T): void {
    // What the watch has passed already may be stale by now: an object that was deleted meanwhile must not come back.
    if (!this.#hasSynced || !(versionOf(object) > this.#seen)) return
    const key = keyOf(object)
    const cached = this.#cache.get(key)
    if (cached && versionOf(cached) >= versionOf(object)) return
    const within = this.#isWithin(object)
    // Whether it is meant only the server can tell: the watch will.
    if (within === undefined || (!within && !cached)) return
    this.#ahead.add(key)
    if (within) this.#put(key, this.#kept(object), false)
    else this.#remove(key, this.#kept(object), false)
  }

  async replace(objects: readonly T[], resourceVersion: string): Promise<void> {
    this.#hear(resourceVersion)
    const keys = new Set(objects.map(keyOf))
    const absent = [...this.#cache.keys()].filter((key) => !keys.has(key) && !this.#isPassed(key, Number(resourceVersion)))
    for (const key of absent) this.#remove(key, this.#cache.get(key) as T, true)
    let done = 0
    for (const object of objects) {
      // Others get a turn: there may be very many.
      if (++done % perTurn === 0) await new Promise((resolve) => setImmediate(resolve))
      const key = keyOf(object)
      const before = this.#cache.get(key)
      if (before && isSameVersion(before, object)) this.#ahead.delete(key)
      else if (!this.#isPassed(key, versionOf(object))) this.#put(key, this.#kept(object), true)
    }
    this.#hasSynced = true
    this.#firstList.resolve()
  }

  change({ type, object }: WatchEvent<T>): void {
    this.#hear(object.metadata.resourceVersion ?? '')
    const key = keyOf(object)
    if (this.#isPassed(key, versionOf(object))) return
    const cached = this.#cache.get(key)
    if (type === 'DELETED') this.#remove(key, this.#kept(object), false)
    else if (!cached || !isSameVersion(cached, object)) this.#put(key, this.#kept(object), false)
  }

  bookmark(resourceVersion: string): void {
    this.#hear(resourceVersion)
  }

  #hear(resourceVersion: string): void {
    this.#heardAt = this.#clock.now()
    const version = Number(resourceVersion)
    if (resourceVersion !== '' && version > this.#seen) this.#seen = version
  }

  /** Whether the cache already holds, from an own write, something newer than `version`. */
  #isPassed(key: string, version: number): boolean {
    if (!this.#ahead.has(key)) return false
    const cached = this.#cache.get(key)
    if (cached && versionOf(cached) > version) return true
    this.#ahead.delete(key)
    return false
  }

  #put(key: string, object: T, initial: boolean): void {
    const before = this.#cache.get(key)
    this.#cache.set(object)
    for (const listener of this.#listeners) this.#tell(listener, object, before, initial)
  }

  #remove(key: string, last: T, initial: boolean): void {
    this.#ahead.delete(key)
    this.#cache.delete(key)
    for (const listener of this.#listeners) this.#tell(listener, undefined, last, initial)
  }

  #tell(listener: ChangeListener<T>, now: T | undefined, before: T | undefined, initial: boolean): void {
    try {
      listener(now, before, initial)
    } catch (error) {
      this.#onError(error, `listener of ${apiVersionOf(this.#resource)} ${this.#resource.resource}`)
    }
  }
}
