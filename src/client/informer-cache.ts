import { type KubeObject, keyOf } from '../apimachinery/object.ts'

/** The values under which an index finds an object. */
export type Indexer<T> = (object: T) => readonly string[]

/** Objects by key and by index. Holds what it is given: never copies. */
export interface IndexedCache<T extends KubeObject> {
  get(key: string): T | undefined
  keys(): Iterable<string>
  list(): readonly T[]
  byIndex(name: string, value: string): readonly T[]
  /** Adds an index over what is there already; a name that exists keeps its function. */
  addIndexer(name: string, indexer: Indexer<T>): void
  set(object: T): void
  delete(key: string): void
}

interface Index<T> {
  readonly valuesOf: Indexer<T>
  /** Most values lead to one object: a map of one would be larger than the object's own entry. */
  readonly entries: Map<string, Single<T> | Map<string, T>>
}

interface Single<T> {
  readonly key: string
  readonly object: T
}

function enter<T>({ valuesOf, entries }: Index<T>, key: string, object: T): void {
  for (const value of valuesOf(object)) {
    const found = entries.get(value)
    if (found instanceof Map) found.set(key, object)
    else if (!found || found.key === key) entries.set(value, { key, object })
    else
      entries.set(
        value,
        new Map([
          [found.key, found.object],
          [key, object],
        ]),
      )
  }
}

function leave<T>({ valuesOf, entries }: Index<T>, key: string, object: T): void {
  for (const value of valuesOf(object)) {
    const found = entries.get(value)
    if (found instanceof Map) found.delete(key)
    if (found && (found instanceof Map ? found.size === 0 : found.key === key)) entries.delete(value)
  }
}

function under<T>({ entries }: Index<T>, value: string): readonly T[] {
  const found = entries.get(value)
  if (!found) return []
  return found instanceof Map ? [...found.values()] : [found.object]
}

export function createIndexedCache<T extends KubeObject>(indexers: Readonly<Record<string, Indexer<T>>> = {}): IndexedCache<T> {
  const objects = new Map<string, T>()
  const indexes = new Map<string, Index<T>>()
  let listed: readonly T[] | undefined
  const cache: IndexedCache<T> = {
    get: (key) => objects.get(key),
    keys: () => objects.keys(),
    list: () => (listed ??= Object.freeze([...objects.values()])),
    byIndex(name, value) {
      const index = indexes.get(name)
      if (!index) throw new Error(`informer has no index "${name}"; it has: ${[...indexes.keys()].join(', ') || 'none'}`)
      return under(index, value)
    },
    addIndexer(name, valuesOf) {
      if (indexes.has(name)) return
      const index: Index<T> = { valuesOf, entries: new Map() }
      for (const [key, object] of objects) enter(index, key, object)
      indexes.set(name, index)
    },
    set(object) {
      const key = keyOf(object)
      const before = objects.get(key)
      for (const index of indexes.values()) {
        if (before) leave(index, key, before)
        enter(index, key, object)
      }
      objects.set(key, object)
      listed = undefined
    },
    delete(key) {
      const before = objects.get(key)
      if (!before) return
      for (const index of indexes.values()) leave(index, key, before)
      objects.delete(key)
      listed = undefined
    },
  }
  for (const [name, indexer] of Object.entries(indexers)) cache.addIndexer(name, indexer)
  return cache
}
