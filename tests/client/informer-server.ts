// A small Kubernetes API in memory for tests of informers and queues: revisions, watches with resume, faults on demand.
import { Readable } from 'node:stream'
import type { WatchEvent } from '../../src/api/request.ts'
import { type KubeObject, keyOf } from '../../src/apimachinery/object.ts'
import type { Resource } from '../../src/apimachinery/resource.ts'
import { alreadyExists, conflict, gone, notFound, StatusError } from '../../src/apimachinery/status.ts'
import type { Client, WatchOptions } from '../../src/client/client.ts'

interface Change {
  readonly resource: string
  readonly event: WatchEvent
}

interface Watcher {
  readonly resource: string
  push(batch: readonly WatchEvent[]): void
  end(error?: unknown): void
}

export interface Server {
  readonly client: Client
  readonly requests: { verb: string; resource: string; options?: unknown }[]
  /** Called before each request; what it throws is the answer. */
  fault: ((verb: string, resource: string) => void) | undefined
  servesStreams: boolean
  /** Watch events are kept back while true. */
  held: boolean
  create<T extends KubeObject>(resource: Resource<T>, object: T): T
  update<T extends KubeObject>(resource: Resource<T>, object: T): T
  remove(resource: Resource, key: string): void
  /** Ends all watches: cleanly, or with `error`. */
  cut(error?: unknown): void
  /** Forgets the log: watches from before now are Gone. */
  compact(): void
  release(): void
  /** Tells all watches of a resource that nothing happened. */
  bookmark(resource: Resource): void
  watchers(): number
}

export function createServer(): Server {
  let revision = 100
  let compacted = 0
  const objects = new Map<string, Map<string, KubeObject>>()
  const log: Change[] = []
  const watchers = new Set<Watcher>()
  const held: Change[] = []

  const of = (r: Resource<never> | Resource) => {
    const found = objects.get(r.resource)
    if (found) return found
    const made = new Map<string, KubeObject>()
    objects.set(r.resource, made)
    return made
  }
  const send = (change: Change) => {
    for (const w of watchers) if (w.resource === change.resource) w.push([change.event])
  }
  const commit = (resource: string, type: WatchEvent['type'], object: KubeObject) => {
    const change = { resource, event: { type, object } }
    log.push(change)
    if (server.held) held.push(change)
    else send(change)
  }
  const stamp = <T extends KubeObject>(object: T): T => {
    revision++
    return {
      ...object,
      metadata: { uid: `uid-${revision}`, ...object.metadata, resourceVersion: String(revision) },
    }
  }
  const check = (verb: string, resource: string, options?: unknown) => {
    server.requests.push({ verb, resource, options })
    server.fault?.(verb, resource)
  }

  async function* watch<T extends KubeObject>(
    r: Resource<T>,
    options: WatchOptions = {},
  ): AsyncGenerator<readonly WatchEvent<T>[]> {
    check('watch', r.resource, options)
    if (options.sendInitialEvents && !server.servesStreams) throw new StatusError(422, 'Invalid', 'sendInitialEvents: Forbidden')
    const queue: (readonly WatchEvent[])[] = []
    let wake = () => {}
    let ended: { error?: unknown } | undefined
    const watcher: Watcher = {
      resource: r.resource,
      push: (batch) => {
        queue.push(batch)
        wake()
      },
      end: (error) => {
        ended = { error }
        wake()
      },
    }
    if (options.sendInitialEvents) {
      const initial: WatchEvent[] = [...of(r as Resource).values()].map((object) => ({ type: 'ADDED', object }))
      const annotations = { 'k8s.io/initial-events-end': 'true' }
      queue.push([...initial, { type: 'BOOKMARK', object: { metadata: { resourceVersion: String(revision), annotations } } }])
    } else {
      const since = Number(options.resourceVersion)
      if (since < compacted) throw gone('too old resource version')
      for (const c of log)
        if (c.resource === r.resource && Number(c.event.object.metadata.resourceVersion) > since && !held.includes(c))
          queue.push([c.event])
    }
    watchers.add(watcher)
    const abort = () => watcher.end()
    options.signal?.addEventListener('abort', abort)
    try {
      for (;;) {
        for (let batch = queue.shift(); batch; batch = queue.shift()) yield batch as readonly WatchEvent<T>[]
        if (ended) {
          if (ended.error) throw ended.error
          return
        }
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      watchers.delete(watcher)
    }
  }

  const server: Omit<Server, 'client'> = {
    requests: [],
    fault: undefined,
    servesStreams: true,
    held: false,
    create(r, object) {
      if (of(r as Resource).has(keyOf(object))) throw alreadyExists(r, object.metadata.name ?? '')
      const made = stamp(object)
      of(r as Resource).set(keyOf(made), made)
      commit(r.resource, 'ADDED', made)
      return made
    },
    update(r, object) {
      const before = of(r as Resource).get(keyOf(object))
      if (!before) throw notFound(r, object.metadata.name ?? '')
      const wanted = object.metadata.resourceVersion
      if (wanted && wanted !== before.metadata.resourceVersion)
        throw conflict(r, object.metadata.name ?? '', 'the object has been modified')
      const made = stamp({ ...object, metadata: { ...before.metadata, ...object.metadata } })
      of(r as Resource).set(keyOf(made), made)
      commit(r.resource, 'MODIFIED', made)
      return made
    },
    remove(r, key) {
      const before = of(r).get(key)
      if (!before) throw notFound(r, key)
      of(r).delete(key)
      commit(r.resource, 'DELETED', stamp(before))
    },
    cut(error) {
      for (const w of [...watchers]) w.end(error)
    },
    compact() {
      compacted = revision + 1
      revision += 2
    },
    release() {
      server.held = false
      for (const change of held.splice(0)) send(change)
    },
    bookmark({ resource }) {
      const object = { metadata: { resourceVersion: String(revision) } }
      for (const w of watchers) if (w.resource === resource) w.push([{ type: 'BOOKMARK', object }])
    },
    watchers: () => watchers.size,
  }
  return Object.assign(server, { client: clientOf(server, { of, revision: () => revision, check, watch }) })
}

/** What the client does: each request is noted, may be made to fail, and is answered from what is stored. */
function clientOf(
  server: Pick<Server, 'create' | 'update' | 'remove'>,
  stored: {
    readonly of: (resource: Resource) => ReadonlyMap<string, KubeObject>
    readonly revision: () => number
    readonly check: (verb: string, resource: string, options?: unknown) => void
    readonly watch: Client['watch']
  },
): Client {
  return {
    async get<T extends KubeObject>(r: Resource<T>, name: string, target?: { namespace?: string | undefined }) {
      stored.check('get', r.resource)
      const found = stored.of(r as Resource).get(target?.namespace ? `${target.namespace}/${name}` : name)
      if (!found) throw notFound(r, name)
      return found as T
    },
    async list<T extends KubeObject>(r: Resource<T>, options?: object) {
      stored.check('list', r.resource, options)
      return { metadata: { resourceVersion: String(stored.revision()) }, items: [...stored.of(r as Resource).values()] as T[] }
    },
    watch: stored.watch,
    async create(r, object) {
      stored.check('create', r.resource)
      const { generateName } = object.metadata
      const name = object.metadata.name ?? `${generateName}${stored.revision()}`
      return server.create(r, { ...object, metadata: { ...object.metadata, name } })
    },
    async update(r, object) {
      stored.check('update', r.resource)
      return server.update(r, object)
    },
    async patch<T extends KubeObject>(
      r: Resource<T>,
      name: string,
      patch: { body: object },
      options?: { namespace?: string | undefined },
    ) {
      stored.check('patch', r.resource)
      const before = stored.of(r as Resource).get(options?.namespace ? `${options.namespace}/${name}` : name)
      if (!before) throw notFound(r, name)
      const body = patch.body as Partial<KubeObject>
      return server.update(r, { ...before, ...body, metadata: { ...before.metadata, ...body.metadata } } as T)
    },
    async apply<T extends KubeObject>(r: Resource<T>, object: T) {
      stored.check('apply', r.resource)
      return stored.of(r as Resource).has(keyOf(object)) ? server.update(r, object) : server.create(r, object)
    },
    async delete(r, name, options) {
      stored.check('delete', r.resource)
      server.remove(r as Resource, options?.namespace ? `${options.namespace}/${name}` : name)
    },
    async deleteCollection() {},
    /** Discovery: these are served, in whatever group is asked for. */
    async raw() {
      const resources = ['configmaps', 'secrets', 'services'].map((name) => ({ name }))
      const body = Buffer.from(JSON.stringify({ resources }))
      return { status: 200, headers: {}, body: Readable.from([body]) }
    },
  }
}
