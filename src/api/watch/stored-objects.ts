import type { KubeObject } from '../../apimachinery/object.ts'
import type { Resource } from '../../apimachinery/resource.ts'
import type { Objects } from '../objects.ts'
import { prefixOf, storedElsewhere } from '../registry/conversion.ts'
import { gvkText } from '../registry/served.ts'
import type { Caches } from './caches.ts'
import type { ResourceCache } from './resource-cache.ts'

/** The API server's own view of what is stored, in the version it is stored in. */
export function storedObjects(caches: Caches): Objects {
  const known = new WeakMap<Resource<never>, ResourceCache>()
  const cacheOf = (r: Resource<never>): ResourceCache => {
    let cache = known.get(r)
    if (!cache) {
      cache = caches.of(storedElsewhere(gvkText(r), r.resource)?.prefix ?? prefixOf(r.group, r.resource))
      known.set(r, cache)
    }
    return cache
  }
  return {
    get<T extends KubeObject>(resource: Resource<T>, namespace: string | undefined, name: string) {
      const cache = cacheOf(resource as Resource<never>)
      const key = resource.namespaced ? `${cache.prefix}${namespace}/${name}` : cache.prefix + name
      return cache.get(key)?.object as T | undefined
    },
    list<T extends KubeObject>(resource: Resource<T>, namespace?: string) {
      const cache = cacheOf(resource as Resource<never>)
      const prefix = resource.namespaced && namespace ? `${cache.prefix}${namespace}/` : cache.prefix
      return cache.list(prefix).map((s) => s.object as T)
    },
    onChange<T extends KubeObject>(resource: Resource<T>, listener: (now: T | undefined, before: T | undefined) => void) {
      return cacheOf(resource as Resource<never>).subscribe((events) => {
        for (const event of events) listener(event.now?.object as T | undefined, event.before?.object as T | undefined)
      })
    },
  }
}
