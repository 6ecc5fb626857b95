import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../apimachinery/clock.ts'
import { apiservices, endpointslices, services } from '../../apimachinery/resources.generated.ts'
import type { Objects } from '../objects.ts'
import { update } from '../own-requests.ts'
import { unreached } from '../proxy/forward.ts'
import type { ApiRequest, ApiResponse, HandleRequest, UserInfo } from '../request.ts'
import { finding, obstacle, withAvailable } from './availability.ts'
import { type Ask, askingBy, contentOf, fetchResources, type RemoteVersion } from './discovery.ts'
import { createForwarder, type FrontProxyCredentials, unavailable } from './forward.ts'
import { fetchOpenApi, type RemoteOpenApi } from './openapi.ts'
import { type RemoteService, RemoteServices, remoteService, rootOf, slicesOf } from './remote-services.ts'

/** The other API servers, as the pipeline, discovery and OpenAPI see them. */
export interface Aggregator {
  /** The server that answers this path; undefined: ours. */
  find(path: string): RemoteService | undefined
  /** Passes a request on as the front proxy. Never throws. */
  forward(remote: RemoteService, request: ApiRequest, user: UserInfo): Promise<ApiResponse>
  /** What the remote servers serve, as last read. */
  versions(): readonly RemoteVersion[]
  openApi(remote: { readonly group: string; readonly version: string }): RemoteOpenApi | undefined
  close(): void
}

interface AggregatorOptions {
  readonly objects: Objects
  readonly handle: HandleRequest
  readonly clock: Clock
  readonly credentials: FrontProxyCredentials
  /** Called when discovery or OpenAPI of a remote server is not what it was. */
  readonly onChange: () => void
}

/** A server may fall silent without anything changing in the cluster. */
const checkAgainMs = 30_000
const firstRetryMs = 100

/** Follows the APIServices that lead elsewhere: checks that they answer, writes their condition, reads what they serve. */
export function followApiServices(options: AggregatorOptions): Aggregator {
  const remotes = new RemoteServices(options.objects)
  const forwarder = createForwarder(remotes, options.credentials)
  const follower = new Follower(
    options,
    remotes,
    askingBy((remote, request, user) => forwarder.send(remote, request, user)),
  )
  return {
    find: (path) => remotes.find(path),
    forward: async (remote, request, user) =>
      remote.isAvailable
        ? forwarder.send(remote, request, user, () => follower.check(remote.name))
        : unavailable(request, new Error('service unavailable')),
    versions: () => [...follower.known.values()].map((k) => k.version),
    openApi: ({ group, version }) => follower.known.get(`${version}.${group}`)?.openApi,
    close: () => {
      follower.close()
      remotes.close()
      forwarder.close()
    },
  }
}

class Follower {
  readonly known = new Map<string, Known>()
  readonly #options: AggregatorOptions
  readonly #remotes: RemoteServices
  readonly #ask: Ask
  readonly #timers = new Map<string, () => void>()
  readonly #failures = new Map<string, number>()
  readonly #running = new Map<string, { again: boolean }>()
  readonly #stops: readonly (() => void)[]
  #isClosed = false

  constructor(options: AggregatorOptions, remotes: RemoteServices, ask: Ask) {
    this.#options = options
    this.#remotes = remotes
    this.#ask = ask
    this.#stops = this.#watch(options.objects)
    for (const r of remotes.all()) void this.#run(r.name)
  }

  /** Looks at a server that gave no answer: others need not wait for the next time it is asked anyway. */
  check(name: string): void {
    if (!this.#running.has(name)) void this.#run(name)
  }

  #watch(objects: Objects): (() => void)[] {
    const serving = (namespace: string | undefined, service: string | undefined) => {
      for (const r of this.#remotes.all()) if (r.namespace === namespace && r.service === service) void this.#run(r.name)
    }
    return [
      objects.onChange(apiservices, (now, before) => {
        const name = (now ?? before)?.metadata.name ?? ''
        if (!now?.spec?.service) this.#forget(name)
        else if (!isDeepStrictEqual(now.spec, before?.spec)) void this.#run(name)
      }),
      objects.onChange(services, (now, before) => {
        const { namespace, name } = (now ?? before)?.metadata ?? {}
        serving(namespace, name)
      }),
      objects.onChange(endpointslices, (now, before) => {
        const { namespace, labels } = (now ?? before)?.metadata ?? {}
        serving(namespace, labels?.['kubernetes.io/service-name'])
      }),
    ]
  }

  /** One at a time for each name; what happens meanwhile is looked at afterwards. */
  async #run(name: string): Promise<void> {
    const now = this.#running.get(name)
    if (now) {
      now.again = true
      return
    }
    const state = { again: false }
    this.#running.set(name, state)
    const isSettled = await this.#look(name).catch(() => false)
    this.#running.delete(name)
    if (this.#isClosed || !this.#options.objects.get(apiservices, undefined, name)?.spec?.service) return
    const failed = isSettled ? 0 : (this.#failures.get(name) ?? 0) + 1
    this.#failures.set(name, failed)
    if (state.again) void this.#run(name)
    else this.#later(name, isSettled ? checkAgainMs : Math.min(checkAgainMs, firstRetryMs * 2 ** (failed - 1)))
  }

  #later(name: string, ms: number): void {
    this.#timers.get(name)?.()
    this.#timers.set(
      name,
      this.#options.clock.after(ms, () => void this.#run(name)),
    )
  }

  /** Checks one server, writes its condition, reads what it serves. False: try again soon. */
  async #look(name: string): Promise<boolean> {
    const { objects, clock, handle } = this.#options
    const object = objects.get(apiservices, undefined, name)
    const remote = object && remoteService(object)
    if (!object || !remote) return true
    const { namespace, service } = remote
    const stands = obstacle(remote, objects.get(services, namespace, service), slicesOf(objects, namespace, service))
    const found = stands ?? finding(await this.#failureOf(remote))
    const conditions = withAvailable(object.status?.conditions, found, clock.now())
    if (conditions !== object.status?.conditions) {
      const status = { ...object.status, conditions }
      await update(handle, apiservices, { ...object, status }, { subresource: 'status' })
    }
    const isReachable = found.status === 'True'
    this.#remember(name, await this.#read(remote, isReachable))
    // Without a Service or endpoints only a change of theirs can help, and that is watched.
    return isReachable || stands !== undefined
  }

  async #failureOf(remote: RemoteService): Promise<string | undefined> {
    const path = rootOf(remote)
    const response = await this.#ask(remote, path, 'application/json')
    const content = await contentOf(response).catch(() => '')
    if (response.status >= 200 && response.status <= 299) return undefined
    const url = `https://${this.#remotes.addressOf(remote)}${path}`
    const text = content.trim()
    const isSilent = response.status === 503 && text.startsWith(unreached)
    const why = isSilent ? `Get "${url}": ${text.slice(unreached.length)}` : `bad status from ${url}: ${response.status}`
    return `failing or missing response from ${url}: ${why}`
  }

  /** What the server serves; what it served before, as stale, when it cannot be asked. */
  async #read(remote: RemoteService, isReachable: boolean): Promise<Known> {
    const { name, group, version, groupPriority, versionPriority } = remote
    const before = this.known.get(name)
    const base = { group, version, groupPriority, versionPriority }
    const stale = { ...base, resources: before?.version.resources ?? [], freshness: 'Stale' as const }
    if (!isReachable) return { version: stale, openApi: before?.openApi }
    try {
      const resources = await fetchResources(this.#ask, remote)
      const openApi = await fetchOpenApi(this.#ask, remote).catch(() => before?.openApi)
      return { version: { ...base, resources, freshness: 'Current' }, openApi }
    } catch {
      return { version: stale, openApi: before?.openApi }
    }
  }

  #remember(name: string, now: Known): void {
    if (isDeepStrictEqual(this.known.get(name), now)) return
    this.known.set(name, now)
    this.#options.onChange()
  }

  #forget(name: string): void {
    this.#timers.get(name)?.()
    this.#timers.delete(name)
    this.#failures.delete(name)
    if (this.known.delete(name)) this.#options.onChange()
  }

  close(): void {
    this.#isClosed = true
    for (const stop of [...this.#stops, ...this.#timers.values()]) stop()
  }
}

interface Known {
  readonly version: RemoteVersion
  readonly openApi: RemoteOpenApi | undefined
}
