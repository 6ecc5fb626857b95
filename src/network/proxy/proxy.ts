import { aborted } from '../../apimachinery/aborted.ts'
import { type Clock, sleep } from '../../apimachinery/clock.ts'
import type { EndpointSlice, Service } from '../../apimachinery/kinds.generated.ts'
import { keyOf } from '../../apimachinery/object.ts'
import { services } from '../../apimachinery/resources.generated.ts'
import type { Informer } from '../../client/informer.ts'
import type { InformerSet } from '../../client/informer-set.ts'
import type { Log } from '../../operators/log.ts'
import { serviceOf, slicesByService } from '../service-slices.ts'
import type { Backend, Ranges } from './backend.ts'
import { createFlowCleaner, staleFlows } from './conntrack.ts'
import { createHairpin } from './hairpin.ts'
import { createHealthChecks } from './health-checks.ts'
import { type Change, isEmpty, Ruleset } from './ruleset.ts'
import { healthCheckOf, portsOf, type ServicePort } from './service-port.ts'

interface ProxyOptions extends Ranges {
  readonly backend: Backend
  readonly informers: InformerSet
  /** The nodes of this machine: what the traffic policy Local means. */
  readonly localNodes: ReadonlySet<string>
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

/** Keeps the kernel's rules what the Services and EndpointSlices say. Resolves when they are so for the first time. */
export async function startProxy(options: ProxyOptions): Promise<void> {
  const proxy = new ServiceProxy(options)
  await proxy.begin()
  void options.backend.watch?.(() => proxy.lose(), options)
  void proxy.follow()
}

/** What one Service changes in the rules. */
interface Update {
  readonly change: Change
  readonly before: readonly ServicePort[]
  readonly after: readonly ServicePort[]
}

class ServiceProxy {
  readonly #options: ProxyOptions
  readonly #services: Informer<Service>
  readonly #slices: Informer<EndpointSlice>
  readonly #ruleset = new Ruleset()
  readonly #ports = new Map<string, readonly ServicePort[]>()
  readonly #forgetFlows: ReturnType<typeof createFlowCleaner>
  readonly #openHairpin: () => Promise<void>
  readonly #checks: ReturnType<typeof createHealthChecks>
  /** Keys of Services whose rules are to be looked at again. */
  readonly #dirty = new Set<string>()
  #isLost = false
  #wake = (): void => {}

  constructor(options: ProxyOptions) {
    const { informers, log, signal, bridgeFiltered, podCidr } = options
    this.#options = options
    this.#services = informers.of<Service>(services)
    this.#slices = slicesByService(informers)
    this.#forgetFlows = createFlowCleaner(log)
    this.#openHairpin = bridgeFiltered ? createHairpin(podCidr, log) : async () => {}
    this.#checks = createHealthChecks(log)
    signal.addEventListener('abort', () => this.#checks.close(), { once: true })
  }

  /** Resolves when all rules are made. */
  async begin(): Promise<void> {
    this.#services.onChange((now, before) => this.#mark(keyOf((now ?? before) as Service)))
    this.#slices.onChange((now, before) => {
      if (now) this.#mark(serviceOf(now))
      if (before && (!now || serviceOf(before) !== serviceOf(now))) this.#mark(serviceOf(before))
    })
    await Promise.all([this.#services.synced(), this.#slices.synced()])
    await this.#flush(true)
  }

  /** Another program took the rules away. */
  lose(): void {
    this.#isLost = true
    this.#wake()
  }

  /** Brings the rules up to date at every change until the signal aborts. */
  async follow(): Promise<void> {
    const { signal, log, clock } = this.#options
    const ended = aborted(signal)
    let whole = false
    let delay = 100
    while (!signal.aborted) {
      if (this.#isIdle() && !whole) await Promise.race([this.#changed(), ended])
      if (signal.aborted) return
      if (this.#isLost) {
        this.#isLost = false
        log.warn('another program took the service rules away; all are made anew')
        whole = true
      }
      try {
        await this.#flush(whole)
        whole = false
        delay = 100
      } catch (error) {
        log.error('the service rules could not be changed; all are made anew', error)
        whole = true
        await sleep(clock, delay, signal)
        delay = Math.min(delay * 2, 30_000)
      }
    }
  }

  #mark(key: string): void {
    this.#dirty.add(key)
    this.#wake()
  }

  #isIdle(): boolean {
    return this.#dirty.size === 0 && !this.#isLost
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  /** Applies what is dirty; `whole` makes all rules anew, which also repairs what others did to it. */
  async #flush(whole: boolean): Promise<void> {
    const { backend } = this.#options
    const keys = [...this.#dirty]
    this.#dirty.clear()
    const updates = keys.map((key) => this.#update(key))
    const changes = updates.map((u) => u.change).filter((change) => !isEmpty(change))
    if (whole) await backend.rebuild(this.#ruleset.all())
    else if (changes.length > 0) await backend.change(changes)
    await this.#openHairpin()
    await this.#forgetFlows(updates.flatMap((u) => staleFlows(u.before, u.after)))
  }

  #update(key: string): Update {
    const { backend, localNodes } = this.#options
    const service = this.#services.get(key)
    const slices = this.#slices.byIndex('service', key)
    const before = this.#ports.get(key) ?? []
    const after = service ? portsOf(service, slices, localNodes) : []
    if (after.length > 0) this.#ports.set(key, after)
    else this.#ports.delete(key)
    this.#checks.replace(key, service && healthCheckOf(service, slices, localNodes))
    const change = this.#ruleset.replace(key, after.length > 0 ? backend.rulesOf(after) : undefined)
    return { change, before, after }
  }
}
