import type { APIService } from '../../apimachinery/kinds.generated.ts'
import { apiservices } from '../../apimachinery/resources.generated.ts'
import type { Objects } from '../objects.ts'
import { ensure, remove } from '../own-requests.ts'
import type { Registry } from '../registry/registry.ts'
import type { HandleRequest } from '../request.ts'
import { isBuiltInGroup, localPriority } from './priorities.ts'

const managedLabel = 'kube-aggregator.kubernetes.io/automanaged'

interface LocalServicesOptions {
  readonly objects: Objects
  readonly registry: Registry
  readonly handle: HandleRequest
}

/**
 * Keeps an APIService for each group version that this server answers itself: the built-in ones are made at start, those of custom
 * resources come and go with their definitions. Resolves when all of now are there; returns what ends it.
 */
export async function keepLocalServices(options: LocalServicesOptions): Promise<() => void> {
  let isBusy = false
  let again = false
  const run = async () => {
    again = isBusy
    if (isBusy) return
    isBusy = true
    // A write that failed is made good at the next change.
    await settle(options).catch((error) => console.error('APIServices of our own groups:', error))
    isBusy = false
    if (again) void run()
  }
  const stop = options.registry.onChange(() => void run())
  await run()
  return stop
}

async function settle({ objects, registry, handle }: LocalServicesOptions): Promise<void> {
  const wanted = localServices(registry)
  const { missing, surplus } = difference(wanted, objects.list(apiservices))
  await Promise.all([
    ...missing.map((service) => ensure(handle, apiservices, service)),
    ...surplus.map((name) => remove(handle, apiservices, undefined, name)),
  ])
}

/** The APIServices of what `registry` serves, but for apiregistration.k8s.io itself, which is never anybody else's. */
export function localServices(registry: Pick<Registry, 'all'>): APIService[] {
  const found = new Map<string, APIService>()
  for (const { group, version } of registry.all()) {
    const name = `${version}.${group}`
    if (group === 'apiregistration.k8s.io' || found.has(name)) continue
    const priority = localPriority(group, version)
    found.set(name, {
      metadata: { name, labels: { [managedLabel]: isBuiltInGroup(group) ? 'onstart' : 'true' } },
      spec: { ...(group ? { group } : {}), version, groupPriorityMinimum: priority.group, versionPriority: priority.version },
    })
  }
  return [...found.values()]
}

/** What has to be made, and which of ours lead nowhere any more. Pure. */
export function difference(wanted: readonly APIService[], now: readonly APIService[]) {
  const names = new Set(now.map((s) => s.metadata.name))
  const kept = new Set(wanted.map((s) => s.metadata.name))
  return {
    missing: wanted.filter((s) => !names.has(s.metadata.name)),
    surplus: now
      .filter((s) => s.metadata.labels?.[managedLabel] === 'true' && !s.spec?.service && !kept.has(s.metadata.name))
      .map((s) => s.metadata.name ?? ''),
  }
}
