import type { ServedResource, Storage } from './served.ts'

/** The resources that are served now. Custom ones come and go. */
export class Registry {
  readonly #byPath = new Map<string, ServedResource>()
  readonly #listeners = new Set<() => void>()
  /** Rises with each change: discovery and OpenAPI are made again when it did. */
  generation = 0

  constructor(resources: readonly ServedResource[] = []) {
    for (const r of resources) this.#byPath.set(pathKey(r.group, r.version, r.resource), r)
  }

  find(group: string, version: string, resource: string): ServedResource | undefined {
    return this.#byPath.get(pathKey(group, version, resource))
  }

  /** The resource in the version that it is stored in. */
  findStorage(storage: Storage): ServedResource | undefined {
    return this.find(storage.group, storage.version, storage.resource)
  }

  all(): Iterable<ServedResource> {
    return this.#byPath.values()
  }

  hasBuiltInGroup(group: string): boolean {
    for (const r of this.#byPath.values()) if (!r.isCustom && r.group === group) return true
    return false
  }

  /** Takes the place of every custom resource of `group`/`resource`; an empty list removes them. */
  replaceCustom(group: string, resource: string, now: readonly ServedResource[]): void {
    for (const [key, r] of this.#byPath) {
      if (r.isCustom && r.group === group && r.resource === resource) this.#byPath.delete(key)
    }
    for (const r of now) this.#byPath.set(pathKey(r.group, r.version, r.resource), r)
    this.changed()
  }

  /** What is served is not what it was: here, or at a server that an APIService leads to. */
  changed(): void {
    this.generation++
    for (const listener of this.#listeners) listener()
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

const pathKey = (group: string, version: string, resource: string): string => `${group}/${version}/${resource}`
