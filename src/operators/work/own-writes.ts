import { type Clock, sleep } from '../../apimachinery/clock.ts'
import { type KubeObject, keyOf } from '../../apimachinery/object.ts'
import type { Resource } from '../../apimachinery/resource.ts'
import type { Client, Target } from '../../client/client.ts'
import type { Informer } from '../../client/informer.ts'
import type { InformerSet } from '../../client/informer-set.ts'

/** How long a deletion waits to be seen by the informer before the work goes on regardless. */
const deadlineMs = 10_000

/** `client` whose writes are in the informers by the time they resolve: who writes and then lists, finds what it wrote. */
export function seeingOwnWrites(client: Client, informers: InformerSet, clock: Clock): Client {
  const observed = <T extends KubeObject>(resource: Resource<T>, target: Target | undefined, object: T): T => {
    // Subresources other than status answer with another kind (Binding, Scale, Eviction).
    if (target?.subresource === undefined || target.subresource === 'status')
      for (const informer of informers.existing(resource)) informer.observe(object)
    return object
  }
  return {
    ...client,
    get: (resource, name, target) => client.get(resource, name, target),
    list: (resource, options) => client.list(resource, options),
    watch: (resource, options) => client.watch(resource, options),
    raw: (request) => client.raw(request),
    deleteCollection: (resource, options) => client.deleteCollection(resource, options),
    create: async (resource, object, options) => observed(resource, options, await client.create(resource, object, options)),
    update: async (resource, object, options) => observed(resource, options, await client.update(resource, object, options)),
    patch: async (resource, name, patch, options) =>
      observed(resource, options, await client.patch(resource, name, patch, options)),
    apply: async (resource, object, options) => observed(resource, options, await client.apply(resource, object, options)),
    async delete(resource, name, options) {
      const key = options?.namespace ? `${options.namespace}/${name}` : name
      const had = informers
        .existing(resource)
        .map((informer) => ({ informer, uid: informer.get(key)?.metadata.uid }))
        .filter(({ uid }) => uid !== undefined)
      await client.delete(resource, name, options)
      await Promise.all(had.map(({ informer, uid }) => leaves(informer, key, uid ?? '', clock, options?.signal)))
    },
  }
}

/** Resolves when the informer knows that the object goes, or after the deadline. */
async function leaves<T extends KubeObject>(
  informer: Informer<T>,
  key: string,
  uid: string,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<void> {
  const isSeen = () => {
    const now = informer.get(key)
    return now === undefined || now.metadata.uid !== uid || now.metadata.deletionTimestamp !== undefined
  }
  if (isSeen()) return
  const seen = new AbortController()
  const stop = informer.onChange(
    (now, before) => {
      const changed = now ?? before
      if (changed && keyOf(changed) === key && isSeen()) seen.abort()
    },
    { replay: false },
  )
  await sleep(clock, deadlineMs, signal ? AbortSignal.any([seen.signal, signal]) : seen.signal)
  stop()
}
