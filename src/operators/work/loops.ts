import type { Clock } from '../../apimachinery/clock.ts'
import { type KubeObject, keyOf } from '../../apimachinery/object.ts'
import type { Resource } from '../../apimachinery/resource.ts'
import { sameValue } from '../equality.ts'
import type { Trigger } from './subscriptions.ts'

/** Notices objects that are reconciled over and over although what they ask for has not changed. */
export interface LoopDetector {
  readonly triggered: Trigger
  /** A run without error of `key` ended. Returns what to warn of, at most once a minute. */
  ran(key: string, object: KubeObject): string | undefined
  forget(key: string): void
}

interface Runs {
  generation: number
  since: number
  count: number
  warned: number
  reason: string | undefined
}

const mostRuns = 20
const windowMs = 60_000

export function createLoopDetector(clock: Clock): LoopDetector {
  const known = new Map<string, Runs>()
  return {
    triggered(key, resource, now, before) {
      const runs = known.get(key)
      // Comparing costs: only for those that are on their way.
      if (runs && runs.count >= mostRuns / 2) runs.reason = reasonOf(resource, now, before)
    },
    ran(key, { metadata }) {
      const now = clock.now()
      const generation = metadata.generation ?? 0
      let runs = known.get(key)
      if (!runs || runs.generation !== generation || now - runs.since > windowMs) {
        runs = { generation, since: now, count: 0, warned: runs?.warned ?? Number.NEGATIVE_INFINITY, reason: undefined }
        known.set(key, runs)
      }
      runs.count++
      if (runs.count < mostRuns || now - runs.warned < windowMs) return undefined
      runs.warned = now
      const why = runs.reason ?? 'reconcile asked to run again'
      return `reconciled ${runs.count} times in ${Math.ceil((now - runs.since) / 1000)} s without a change of its spec, the last time because ${why}`
    },
    forget: (key) => void known.delete(key),
  }
}

function reasonOf(resource: Resource, now: KubeObject | undefined, before: KubeObject | undefined): string {
  const changed = now ?? before
  const what = `${resource.kind} ${changed ? keyOf(changed) : ''}`
  if (!before) return `${what} was created`
  if (!now) return `${what} was deleted`
  return `${what} changed at ${firstDifference(before, now) ?? 'nothing'}`
}

const unimportant = new Set(['resourceVersion', 'managedFields'])

/** The path of the first field in which two objects differ, such as `status.readyReplicas`. */
function firstDifference(a: unknown, b: unknown, path = ''): string | undefined {
  if (sameValue(a, b)) return undefined
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return path
  const x = a as Record<string, unknown>
  const y = b as Record<string, unknown>
  for (const name of new Set([...Object.keys(x), ...Object.keys(y)])) {
    if (path === 'metadata' && unimportant.has(name)) continue
    const at = Array.isArray(a) ? `${path}[${name}]` : path ? `${path}.${name}` : name
    const found = firstDifference(x[name], y[name], at)
    if (found !== undefined) return found
  }
  return undefined
}
