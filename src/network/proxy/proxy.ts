import { aborted } from '../../apimachinery/aborted.ts'
import { type Clock, sleep } from '../../apimachinery/clock.ts'
import type { Service } from '../../apimachinery/kinds.generated.ts'
import { keyOf } from '../../apimachinery/object.ts'
import { services } from '../../apimachinery/resources.generated.ts'
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
  const { informers, log, signal, backend } = options
  const serviceInformer = informers.of<Service>(services)
  const sliceInformer = slicesByService(informers)
  const ruleset = new Ruleset()
  const ports = new Map<string, readonly ServicePort[]>()
  const forget = createFlowCleaner(log)
  const openHairpin = options.bridgeFiltered ? createHairpin(options.podCidr, log) : async () => {}
  const checks = createHealthChecks(log)
  signal.addEventListener('abort', () => checks.close(), { once: true })

  const update = (key: string): { change: Change; before: readonly ServicePort[]; after: readonly ServicePort[] } => {
    const service = serviceInformer.get(key)
    const slices = sliceInformer.byIndex('service', key)
    const before = ports.get(key) ?? []
    const after = service ? portsOf(service, slices, options.localNodes) : []
    if (after.length > 0) ports.set(key, after)
    else ports.delete(key)
    checks.replace(key, service && healthCheckOf(service, slices, options.localNodes))
    const change = ruleset.replace(key, after.length > 0 ? backend.rulesOf(after) : undefined)
    return { change, before, after }
  }

  const dirty = new Set<string>()
  let isLost = false
  let wake = (): void => {}
  const mark = (key: string): void => {
    dirty.add(key)
    wake()
  }
  serviceInformer.onChange((now, before) => mark(keyOf((now ?? before) as Service)))
  sliceInformer.onChange((now, before) => {
    if (now) mark(serviceOf(now))
    if (before && (!now || serviceOf(before) !== serviceOf(now))) mark(serviceOf(before))
  })
  await Promise.all([serviceInformer.synced(), sliceInformer.synced()])

  /** Applies what is dirty; `whole` makes all rules anew, which also repairs what others did to it. */
  const flush = async (whole: boolean): Promise<void> => {
    const keys = [...dirty]
    dirty.clear()
    const updates = keys.map(update)
    const changes = updates.map((u) => u.change).filter((change) => !isEmpty(change))
    if (whole) await backend.rebuild(ruleset.all())
    else if (changes.length > 0) await backend.change(changes)
    await openHairpin()
    await forget(updates.flatMap((u) => staleFlows(u.before, u.after)))
  }
  await flush(true)
  const lost = () => {
    isLost = true
    wake()
  }
  void backend.watch?.(lost, options)
  void follow(flush, {
    ...options,
    isIdle: () => dirty.size === 0 && !isLost,
    takeLost() {
      const was = isLost
      isLost = false
      return was
    },
    changed: () =>
      new Promise((resolve) => {
        wake = resolve
      }),
  })
}

interface FollowOptions extends ProxyOptions {
  isIdle(): boolean
  /** Whether another program took the rules away since this was asked last. */
  takeLost(): boolean
  /** Resolves at the next change. */
  changed(): Promise<void>
}

async function follow(flush: (whole: boolean) => Promise<void>, options: FollowOptions): Promise<void> {
  const { signal, log, clock, isIdle, takeLost, changed } = options
  const ended = aborted(signal)
  let whole = false
  let delay = 100
  while (!signal.aborted) {
    if (isIdle() && !whole) await Promise.race([changed(), ended])
    if (signal.aborted) return
    if (takeLost()) {
      log.warn('another program took the service rules away; all are made anew')
      whole = true
    }
    try {
      await flush(whole)
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
