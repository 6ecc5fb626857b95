import { type Clock, systemClock } from '../apimachinery/clock.ts'
import { controllerOf, type KubeObject } from '../apimachinery/object.ts'
import { apiVersionOf, type Resource } from '../apimachinery/resource.ts'
import type { Client } from './client.ts'
import { createInformer, type Informer } from './informer.ts'

/** One informer a resource, shared by everybody in the process. Each has the indexes `namespace`, `controller` and `orphan`. */
export interface InformerSet {
  /** The informer of `resource`, made and started on the first call. */
  of<T extends KubeObject>(resource: Resource<T>): Informer<T>
  /** The informer if somebody asked for it before. */
  existing<T extends KubeObject>(resource: Resource<T>): Informer<T> | undefined
  /** Resolves when every informer that was asked for so far has its first list. */
  synced(): Promise<void>
}

export interface InformerSetOptions {
  /** Ends all informers. */
  readonly signal: AbortSignal
  readonly namespace?: string
  readonly clock?: Clock
  /** In [0, 1). */
  readonly random?: () => number
  readonly onError?: (error: unknown, what: string) => void
}

/** Indexes every shared informer has: by namespace; by the uid of the controlling owner; by namespace of those without one. */
const standardIndexers = {
  namespace: (o: KubeObject) => [o.metadata.namespace ?? ''],
  controller: (o: KubeObject) => {
    const owner = controllerOf(o)
    return owner ? [owner.uid] : []
  },
  orphan: (o: KubeObject) => (controllerOf(o) ? [] : [o.metadata.namespace ?? '']),
}

export function createInformerSet(client: Client, options: InformerSetOptions): InformerSet {
  const { clock = systemClock, random = Math.random, onError, signal, namespace } = options
  const informers = new Map<string, Informer<KubeObject>>()
  const nameOf = (r: Resource<unknown>) => `${apiVersionOf(r)}/${r.resource}`

  return {
    of<T extends KubeObject>(resource: Resource<T>) {
      const found = informers.get(nameOf(resource))
      if (found) return found as unknown as Informer<T>
      const informer = createInformer(client, resource, {
        clock,
        random,
        indexers: standardIndexers,
        ...(onError ? { onError } : {}),
        ...(namespace !== undefined && resource.namespaced ? { namespace } : {}),
      })
      informers.set(nameOf(resource), informer as unknown as Informer<KubeObject>)
      informer.start(signal)
      return informer
    },
    existing<T extends KubeObject>(resource: Resource<T>) {
      return informers.get(nameOf(resource)) as unknown as Informer<T> | undefined
    },
    async synced() {
      await Promise.all([...informers.values()].map((i) => i.synced()))
    },
  }
}
