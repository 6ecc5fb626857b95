import type { Objects } from '../../../src/api/objects.ts'
import type { KubeObject } from '../../../src/apimachinery/object.ts'
import type { Resource } from '../../../src/apimachinery/resource.ts'

type Listener = (now: KubeObject | undefined, before: KubeObject | undefined) => void

/** The API's view of its objects, without an API: `put` and `remove` are the commits. */
export class ObjectsInMemory implements Objects {
  readonly #kinds = new Map<string, Map<string, KubeObject>>()
  readonly #listeners = new Map<string, Set<Listener>>()

  put<T extends KubeObject>(resource: Resource<T>, ...objects: readonly KubeObject[]): this {
    for (const object of objects) this.#change(resource, object, object)
    return this
  }

  remove(resource: Resource<KubeObject>, namespace: string | undefined, name: string): void {
    const before = this.get(resource, namespace, name)
    if (before) this.#change(resource, before, undefined)
  }

  get<T extends KubeObject>(resource: Resource<T>, namespace: string | undefined, name: string): T | undefined {
    return this.#of(resource).get(`${namespace ?? ''}/${name}`) as T | undefined
  }

  list<T extends KubeObject>(resource: Resource<T>, namespace?: string): readonly T[] {
    const all = [...this.#of(resource).values()] as T[]
    return namespace === undefined ? all : all.filter((o) => o.metadata.namespace === namespace)
  }

  onChange<T extends KubeObject>(
    resource: Resource<T>,
    listener: (now: T | undefined, before: T | undefined) => void,
  ): () => void {
    const key = `${resource.group}/${resource.resource}`
    const listeners = this.#listeners.get(key) ?? new Set()
    this.#listeners.set(key, listeners.add(listener as Listener))
    return () => listeners.delete(listener as Listener)
  }

  #of(resource: Resource<KubeObject>): Map<string, KubeObject> {
    const key = `${resource.group}/${resource.resource}`
    const map = this.#kinds.get(key) ?? new Map<string, KubeObject>()
    this.#kinds.set(key, map)
    return map
  }

  #change(resource: Resource<KubeObject>, object: KubeObject, now: KubeObject | undefined): void {
    const { namespace = '', name } = object.metadata
    const map = this.#of(resource)
    const before = map.get(`${namespace}/${name}`)
    if (now) map.set(`${namespace}/${name}`, now)
    else map.delete(`${namespace}/${name}`)
    for (const listener of this.#listeners.get(`${resource.group}/${resource.resource}`) ?? []) listener(now, before)
  }
}
