import type { WatchEvent } from '../api/request.ts'
import type { KubeObject, ObjectList } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import { type Status, StatusError } from '../apimachinery/status.ts'
import type { Client, RawRequest, RawResponse } from './client.ts'
import {
  type Prepared,
  prepareApply,
  prepareCreate,
  prepareDelete,
  prepareDeleteCollection,
  prepareGet,
  prepareList,
  preparePatch,
  prepareUpdate,
  prepareWatch,
} from './paths.ts'

/** What a transport must do; the rest of a Client is the same for all. */
interface Transport {
  /** The object of a successful answer. Throws StatusError for the others. */
  send(request: Prepared): Promise<object>
  watch(request: Prepared): AsyncIterable<readonly WatchEvent[]>
  raw(request: RawRequest): Promise<RawResponse>
}

type AnyResource = Resource<never>

export function clientOver(transport: Transport): Client {
  const send = async <T>(request: Prepared): Promise<T> => (await transport.send(request)) as T
  const any = (r: Resource<KubeObject>): AnyResource => r as unknown as AnyResource
  return {
    get: (r, name, target) => send(prepareGet(any(r), name, target)),
    list: <T extends KubeObject>(r: Resource<T>, options = {}) => send<ObjectList<T>>(prepareList(any(r), options)),
    watch: (r, options) => watching(transport.watch(prepareWatch(any(r), options)), options?.signal),
    create: (r, object, options) => send(prepareCreate(any(r), object, options)),
    update: (r, object, options) => send(prepareUpdate(any(r), object, options)),
    patch: (r, name, patch, options) => send(preparePatch(any(r), name, patch, options)),
    apply: (r, object, options) => send(prepareApply(any(r), object, options)),
    delete: async (r, name, options) => {
      await transport.send(prepareDelete(any(r), name, options))
    },
    deleteCollection: async (r, options) => {
      await transport.send(prepareDeleteCollection(any(r), options))
    },
    raw: (request) => transport.raw(request),
  }
}

/** An ERROR event throws; an abort ends without an error. */
async function* watching<T extends KubeObject>(
  batches: AsyncIterable<readonly WatchEvent[]>,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly WatchEvent<T>[]> {
  try {
    for await (const batch of batches) {
      if (signal?.aborted) return
      const bad = batch.find((e) => e.type === 'ERROR')
      if (bad) throw StatusError.from(bad.object as unknown as Status)
      yield batch as readonly WatchEvent<T>[]
    }
  } catch (e) {
    if (!signal?.aborted) throw e
  }
}
