import { isDeepStrictEqual } from 'node:util'
import { jsonText, parseJson } from '../../apimachinery/json.ts'
import type { Unstructured } from '../../apimachinery/object.ts'
import { type HealthStatus, healthOf, worst } from '../health/health.ts'
import { entryOf, type InventoryEntry, idOf } from '../plan/plan.ts'
import type { Application, ApplicationStatus, ResourceStatus } from './application.ts'

/** One wanted object and what is live of it. */
export interface Comparison {
  readonly wanted: Unstructured
  readonly live: Unstructured | undefined
  readonly inSync: boolean
}

interface Observed {
  readonly revision: string
  readonly sourceType: string
  readonly comparisons: readonly Comparison[]
  /** Objects of earlier commits that are still there. */
  readonly leftOver: readonly InventoryEntry[]
  /** RFC 3339. */
  readonly now: string
}

/** The status of an Application whose source could be rendered. Pure. */
export function observedStatus(app: Application, observed: Observed): ApplicationStatus {
  const resources = observed.comparisons.map(({ wanted, live, inSync }): ResourceStatus => {
    const health = live ? healthOf(live) : ({ status: 'Missing' } as const)
    return { ...entryOf(wanted), status: inSync ? 'Synced' : 'OutOfSync', health }
  })
  const left = observed.leftOver.map((entry): ResourceStatus => ({ ...entry, status: 'OutOfSync' }))
  const isSynced = left.length === 0 && resources.every((r) => r.status === 'Synced')
  const health = worst(resources.map((r) => r.health?.status ?? 'Healthy'))
  const before = app.status
  return {
    ...before,
    sync: { status: isSynced ? 'Synced' : 'OutOfSync', revision: observed.revision },
    health: healthSince(before, health, observed.now),
    resources: [...resources, ...left],
    conditions: (before?.conditions ?? []).filter((c) => c.type !== 'ComparisonError' && c.type !== 'InvalidSpecError'),
    sourceType: observed.sourceType,
  }
}

/** The status when the source cannot be read or rendered: what is known of the cluster stays. */
export function failedStatus(
  app: Application,
  type: 'ComparisonError' | 'InvalidSpecError' | 'SyncError',
  message: string,
  now: string,
): ApplicationStatus {
  const others = (app.status?.conditions ?? []).filter((c) => c.type !== type)
  const same = app.status?.conditions?.find((c) => c.type === type && c.message === message)
  const unknown = type === 'SyncError' ? {} : ({ sync: { ...app.status?.sync, status: 'Unknown' } } as const)
  return { ...app.status, ...unknown, conditions: [...others, same ?? { type, message, lastTransitionTime: now }] }
}

function healthSince(
  before: ApplicationStatus | undefined,
  status: HealthStatus,
  now: string,
): ApplicationStatus['health'] & object {
  const since = before?.health?.status === status ? before.health.lastTransitionTime : now
  return { status, ...(since ? { lastTransitionTime: since } : {}) }
}

/** Whether writing `after` would tell anybody anything. */
export function saysMore(before: ApplicationStatus | undefined, after: ApplicationStatus): boolean {
  const plain = (s: ApplicationStatus | undefined) => parseJson(jsonText({ ...s, reconciledAt: undefined })) as unknown
  return !isDeepStrictEqual(plain(before), plain(after))
}

/** What of `inventory` the Application no longer wants. */
export function leftOver(inventory: readonly InventoryEntry[], wanted: readonly Unstructured[]): InventoryEntry[] {
  const ids = new Set(wanted.map((o) => idOf(entryOf(o))))
  return inventory.filter((entry) => !ids.has(idOf(entry)))
}

/** The inventory of an Application as its status says it. */
export function inventoryOf(app: Application): InventoryEntry[] {
  return (app.status?.resources ?? []).map(({ group, version, kind, namespace, name }) => ({
    group: group ?? '',
    version,
    kind,
    ...(namespace ? { namespace } : {}),
    name,
  }))
}
