import { type KubeObject, keyOf } from '../../src/apimachinery/object.ts'
import type { Resource } from '../../src/apimachinery/resource.ts'
import type { ChangeListener, Informer } from '../../src/client/informer.ts'
import type { InformerSet } from '../../src/client/informer-set.ts'

type Indexer = (object: KubeObject) => readonly string[]

class InformerInMemory {
  readonly #objects = new Map<string, KubeObject>()
  readonly #listeners = new Set<ChangeListener<KubeObject>>()
  readonly #indexers = new Map<string, Indexer>()

  start(): void {}
  async synced(): Promise<void> {}
  hasSynced(): boolean {
    return true
  }
  get(key: string): KubeObject | undefined {
    return this.#objects.get(key)
  }
  list(): readonly KubeObject[] {
    return [...this.#objects.values()]
  }
  byIndex(name: string, value: string): readonly KubeObject[] {
    return this.list().filter((o) => this.#indexers.get(name)?.(o).includes(value))
  }
  addIndexer(name: string, indexer: Indexer): void {
    this.#indexers.set(name, indexer)
  }
  onChange(listener: ChangeListener<KubeObject>): () => void {
    this.#listeners.add(listener)
    for (const object of this.#objects.values()) listener(object, undefined, true)
    return () => this.#listeners.delete(listener)
  }
  readonly isWhole = true
  readonly heardAt = 0
  observe(): void {}
  put(object: KubeObject): void {
    const before = this.#objects.get(keyOf(object))
    this.#objects.set(keyOf(object), object)
    for (const listener of this.#listeners) listener(object, before, false)
  }
  remove(key: string): void {
    const before = this.#objects.get(key)
    this.#objects.delete(key)
    for (const listener of this.#listeners) listener(undefined, before, false)
  }
}

/** Informers without an API: `put` and `remove` are what the watch would bring. */
export class InformersInMemory implements InformerSet {
  readonly #informers = new Map<string, InformerInMemory>()

  #of(resource: Resource<KubeObject>): InformerInMemory {
    const key = `${resource.group}/${resource.resource}`
    const informer = this.#informers.get(key) ?? new InformerInMemory()
    this.#informers.set(key, informer)
    return informer
  }
  of<T extends KubeObject>(resource: Resource<T>): Informer<T> {
    return this.#of(resource) as unknown as Informer<T>
  }
  existing<T extends KubeObject>(resource: Resource<T>): readonly Informer<T>[] {
    return [this.of(resource)]
  }
  *all() {
    for (const [name, informer] of this.#informers) yield [name, informer] as const
  }
  async synced(): Promise<void> {}
  put(resource: Resource<KubeObject>, object: object): this {
    this.#of(resource).put(object as KubeObject)
    return this
  }
  remove(resource: Resource<KubeObject>, key: string): void {
    this.#of(resource).remove(key)
  }
}
