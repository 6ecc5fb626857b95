import type { KubeObject } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import type { Client, RawRequest } from './client.ts'

/** A call of a Client, as those see it who stand around it. */
export interface Call {
  readonly verb: 'get' | 'list' | 'create' | 'update' | 'patch' | 'apply' | 'delete' | 'deleteCollection'
  readonly resource: Resource<unknown>
  /** '' for list and deleteCollection, and for a create that lets the server choose. */
  readonly name: string
  readonly namespace: string | undefined
  readonly subresource: string | undefined
  readonly writes: boolean
}

/** What is done around each call: `send` sends it and gives the answer. */
export type Around = <R>(call: Call, send: () => Promise<R>) => Promise<R>

interface AroundOptions {
  readonly call: Around
  /** Around each watch; default: as it is. */
  readonly watch?: Client['watch']
  readonly raw?: (request: RawRequest) => ReturnType<Client['raw']>
}

interface Place {
  readonly namespace?: string | undefined
  readonly subresource?: string
}

/** `client`, with something done around each of its calls. */
export function aroundClient(client: Client, { call, watch, raw }: AroundOptions): Client {
  const about = (verb: Call['verb'], resource: Resource<unknown>, name: string | undefined, place: Place | undefined): Call => ({
    verb,
    resource,
    name: name ?? '',
    namespace: place?.namespace,
    subresource: place?.subresource,
    writes: verb !== 'get' && verb !== 'list',
  })
  const nameOf = (object: Partial<KubeObject>) => object.metadata?.name
  return {
    raw: raw ?? ((request) => client.raw(request)),
    watch: watch ?? ((r, o) => client.watch(r, o)),
    get: (r, name, o) => call(about('get', r, name, o), () => client.get(r, name, o)),
    list: (r, o) => call(about('list', r, '', o), () => client.list(r, o)),
    create: (r, object, o) => call(about('create', r, nameOf(object) ?? o?.name, o), () => client.create(r, object, o)),
    update: (r, object, o) => call(about('update', r, nameOf(object), o), () => client.update(r, object, o)),
    patch: (r, name, patch, o) => call(about('patch', r, name, o), () => client.patch(r, name, patch, o)),
    apply: (r, object, o) => call(about('apply', r, nameOf(object), o), () => client.apply(r, object, o)),
    delete: (r, name, o) => call(about('delete', r, name, o), () => client.delete(r, name, o)),
    deleteCollection: (r, o) => call(about('deleteCollection', r, '', o), () => client.deleteCollection(r, o)),
  }
}
