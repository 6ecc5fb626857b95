import { type Clock, sleep } from '../../apimachinery/clock.ts'
import type { Service } from '../../apimachinery/kinds.generated.ts'
import { keyOf } from '../../apimachinery/object.ts'
import { services } from '../../apimachinery/resources.generated.ts'
import type { InformerSet } from '../../client/informer-set.ts'
import type { Log } from '../../operators/log.ts'
import { serviceOf, slicesByService } from '../service-slices.ts'
import { createFlowCleaner, staleFlows } from './conntrack.ts'
import { createHairpin } from './hairpin.ts'
import { createHealthChecks } from './health-checks.ts'
import { applyNft, NftMissing } from './nft.ts'
import { rulesOf } from './rules.ts'
import { Ruleset, type TableOptions } from './ruleset.ts'
import { healthCheckOf, portsOf, type ServicePort } from './service-port.ts'

export interface ProxyOptions extends TableOptions {
  readonly informers: InformerSet
  /** The nodes of this machine: what the traffic policy Local means. */
  readonly localNodes: ReadonlySet<string>
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
  /** Applies one transaction; `applyNft` unless a test looks on. */
  readonly apply?: (commands: string) => Promise<void>
}

/** Keeps the kernel's table what the Services and EndpointSlices say. Resolves when it is so for the first time. Throws NftMissing. */
export async function startProxy(options: ProxyOptions): Promise<void> {
  const { informers, log, signal } = options
  const serviceInformer = informers.of<Service>(services)
  const sliceInformer = slicesByService(informers)
  const ruleset = new Ruleset()
  const ports = new Map<string, readonly ServicePort[]>()
  const forget = createFlowCleaner(log)
  const openHairpin = options.bridgeFiltered ? createHairpin(options.podCidr, log) : async () => {}
  const checks = createHealthChecks(log)
  signal.addEventListener('abort', () => checks.close(), { once: true })

  const update = (key: string): { commands: string[]; before: readonly ServicePort[]; after: readonly ServicePort[] } => {
    const service = serviceInformer.get(key)
    const slices = sliceInformer.byIndex('service', key)
    const before = ports.get(key) ?? []
    const after = service ? portsOf(service, slices, options.localNodes) : []
    if (after.length > 0) ports.set(key, after)
    else ports.delete(key)
    checks.replace(key, service && healthCheckOf(service, slices, options.localNodes))
    const commands = ruleset.replace(key, after.length > 0 ? rulesOf(after, options.podCidr) : undefined)
    return { commands, before, after }
  }

  const apply = options.apply ?? applyNft
  const dirty = new Set<string>()
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

  /** Applies what is dirty; `whole` makes the table anew, which also repairs what others did to it. */
  const flush = async (whole: boolean): Promise<void> => {
    const keys = [...dirty]
    dirty.clear()
    const updates = keys.map(update)
    const commands = updates.flatMap((u) => u.commands)
    if (whole) await apply(ruleset.all(options))
    else if (commands.length > 0) await apply(`${commands.join('\n')}\n`)
    await openHairpin()
    await forget(updates.flatMap((u) => staleFlows(u.before, u.after)))
  }
  await flush(true)
  void follow(flush, {
    ...options,
    isIdle: () => dirty.size === 0,
    changed: () =>
      new Promise((resolve) => {
        wake = resolve
      }),
  })
}

interface FollowOptions extends ProxyOptions {
  isIdle(): boolean
  /** Resolves at the next change. */
  changed(): Promise<void>
}

async function follow(flush: (whole: boolean) => Promise<void>, options: FollowOptions): Promise<void> {
  const { signal, log, clock, isIdle, changed } = options
  const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  let whole = false
  let delay = 100
  while (!signal.aborted) {
    if (isIdle() && !whole) await Promise.race([changed(), aborted])
    if (signal.aborted) return
    try {
      await flush(whole)
      whole = false
      delay = 100
    } catch (error) {
      log.error(
        error instanceof NftMissing ? 'the service network is gone' : 'the service rules could not be changed; all are made anew',
        error,
      )
      whole = true
      await sleep(clock, delay, signal).catch(() => {})
      delay = Math.min(delay * 2, 30_000)
    }
  }
}
