import { type Clock, systemClock } from '../apimachinery/clock.ts'
import { controllerOf, type KubeObject } from '../apimachinery/object.ts'
import { apiVersionOf, type Resource } from '../apimachinery/resource.ts'
import type { Client } from './client.ts'
import { createInformer, type Informer } from './informer.ts'
import type { InformerScope } from './informer-scope.ts'

/** One informer a resource and scope, shared by everybody in the process. Each has the indexes `namespace`, `controller` and `orphan`. */
export interface InformerSet {
  /** The informer of `resource`, made and started on the first call. */
  of<T extends KubeObject>(resource: Resource<T>, scope?: InformerScope<T>): Informer<T>
  /** The informers of `resource`, of whatever scope, that somebody asked for before. */
  existing<T extends KubeObject>(resource: Resource<T>): readonly Informer<T>[]
  /** All informers that somebody asked for, by `apiVersion/resource`. */
  all(): Iterable<readonly [name: string, informer: Pick<Informer<KubeObject>, 'hasSynced' | 'heardAt'>]>
  /** Resolves when every informer that was asked for so far has its first list. */
  synced(): Promise<void>
}

interface InformerSetOptions {
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
  const informers = new Map<string, Map<string, Informer<KubeObject>>>()
  const projections = new Map<unknown, number>()
  const nameOf = (r: Resource<unknown>) => `${apiVersionOf(r)}/${r.resource}`
  const idOf = ({ project, ...scope }: InformerScope<never>): string => {
    if (project && !projections.has(project)) projections.set(project, projections.size)
    const { namespace: of, labelSelector, fieldSelector, metadataOnly } = scope
    return JSON.stringify([of, labelSelector, fieldSelector, metadataOnly, projections.get(project)])
  }

  return {
    of<T extends KubeObject>(resource: Resource<T>, scope: InformerScope<T> = {}) {
      const own = informers.get(nameOf(resource)) ?? new Map<string, Informer<KubeObject>>()
      informers.set(nameOf(resource), own)
      const within = namespace !== undefined && resource.namespaced ? { namespace, ...scope } : scope
      const id = idOf(within as unknown as InformerScope<never>)
      const found = own.get(id)
      if (found) return found as unknown as Informer<T>
      const informer = createInformer(client, resource, {
        ...within,
        clock,
        random,
        indexers: standardIndexers,
        ...(onError ? { onError } : {}),
      })
      own.set(id, informer as unknown as Informer<KubeObject>)
      informer.start(signal)
      return informer
    },
    existing<T extends KubeObject>(resource: Resource<T>) {
      return [...(informers.get(nameOf(resource))?.values() ?? [])] as unknown as Informer<T>[]
    },
    *all() {
      for (const [name, own] of informers) for (const informer of own.values()) yield [name, informer] as const
    },
    async synced() {
      await Promise.all([...informers.values()].flatMap((own) => [...own.values()].map((i) => i.synced())))
    },
  }
}
