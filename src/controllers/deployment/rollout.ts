// How the replicas of a Deployment are spread over its ReplicaSets in this step. Pure: sizes in, sizes out.
import type { Deployment, ReplicaSet } from '../../apimachinery/kinds.generated.ts'
import { annotation, available, bounds, byCreation, isRolling, replicasOf, total } from './sets.ts'

/** A set and the size it is to have. */
export interface Scaling {
  readonly set: ReplicaSet
  readonly replicas: number
}

const resized = (set: ReplicaSet, replicas: number): Scaling[] => (replicasOf(set) === replicas ? [] : [{ set, replicas }])
const isNotEmpty = (set: ReplicaSet): boolean => replicasOf(set) > 0

/** The size that the new set may have beside the others. `current` is its size now, 0 before it exists. */
export function newSetSize(d: Deployment, all: readonly ReplicaSet[], current: number): number {
  const wanted = replicasOf(d)
  if (!isRolling(d)) return wanted
  const room = wanted + bounds(d).surge - total(all)
  return room <= 0 ? current : current + Math.min(room, wanted - current)
}

/** One step of a rolling update: first the new set grows as far as maxSurge allows, then the old shrink as far as maxUnavailable does. */
export function rollStep(d: Deployment, fresh: ReplicaSet, old: readonly ReplicaSet[]): Scaling[] {
  const size = replicasOf(fresh) > replicasOf(d) ? replicasOf(d) : newSetSize(d, [...old, fresh], replicasOf(fresh))
  const grown = resized(fresh, size)
  return grown.length > 0 ? grown : shrinkOld(d, fresh, old)
}

function shrinkOld(d: Deployment, fresh: ReplicaSet, old: readonly ReplicaSet[]): Scaling[] {
  const active = old.filter(isNotEmpty).sort(byCreation)
  if (active.length === 0) return []
  const minAvailable = replicasOf(d) - bounds(d).unavailable
  const freshUnavailable = replicasOf(fresh) - (fresh.status?.availableReplicas ?? 0)
  const spare = total([...active, fresh]) - minAvailable - freshUnavailable
  if (spare <= 0) return []
  const sizes = new Map(active.map((set) => [set, replicasOf(set)]))
  const take = (set: ReplicaSet, most: number) => {
    const taken = Math.max(0, Math.min(sizes.get(set) ?? 0, most))
    sizes.set(set, (sizes.get(set) ?? 0) - taken)
    return taken
  }
  // Pods that serve nobody go first: losing them costs no availability.
  let cleaned = 0
  for (const set of active)
    cleaned += take(set, Math.min(spare - cleaned, replicasOf(set) - (set.status?.availableReplicas ?? 0)))
  let expendable = available([...active, fresh]) - minAvailable
  for (const set of active) if (expendable > 0) expendable -= take(set, expendable)
  return active.flatMap((set) => resized(set, sizes.get(set) ?? 0))
}

/** Whether spec.replicas changed since the sets got their sizes. */
export function isScaling(d: Deployment, all: readonly ReplicaSet[]): boolean {
  return all.filter(isNotEmpty).some((set) => {
    const desired = set.metadata.annotations?.[annotation.desired]
    return desired !== undefined && Number(desired) !== replicasOf(d)
  })
}

/** The sizes after spec.replicas changed, also in the middle of a rollout: there each set grows or shrinks in proportion. */
export function scale(d: Deployment, fresh: ReplicaSet | undefined, old: readonly ReplicaSet[]): Scaling[] {
  const all = [...old, ...(fresh ? [fresh] : [])]
  const active = all.filter(isNotEmpty).sort(byCreation)
  const single = active.length > 1 ? undefined : (active[0] ?? fresh ?? [...old].sort(byCreation).at(-1))
  if (single) return resized(single, replicasOf(d))
  if (fresh && isSaturated(d, fresh)) return old.flatMap((set) => resized(set, 0))
  if (!isRolling(d) || active.length === 0) return []
  return proportional(d, active)
}

const isSaturated = (d: Deployment, set: ReplicaSet): boolean =>
  replicasOf(set) === replicasOf(d) &&
  Number(set.metadata.annotations?.[annotation.desired]) === replicasOf(d) &&
  set.status?.availableReplicas === replicasOf(d)

function proportional(d: Deployment, active: readonly ReplicaSet[]): Scaling[] {
  const most = replicasOf(d) > 0 ? replicasOf(d) + bounds(d).surge : 0
  const toAdd = most - total(active)
  if (toAdd === 0) return active.map((set) => ({ set, replicas: replicasOf(set) }))
  const age = (a: ReplicaSet, b: ReplicaSet) => (toAdd > 0 ? byCreation(b, a) : byCreation(a, b))
  const largestFirst = [...active].sort((a, b) => replicasOf(b) - replicasOf(a) || age(a, b))
  let added = 0
  const sizes = largestFirst.map((set) => {
    const share = shareOf(set, d, most)
    const part = toAdd > 0 ? Math.min(share, toAdd - added) : Math.max(share, toAdd - added)
    added += part
    return replicasOf(set) + part
  })
  // What rounding left over goes to the largest.
  if (sizes.length > 0) sizes[0] = Math.max(0, (sizes[0] ?? 0) + toAdd - added)
  return largestFirst.map((set, i) => ({ set, replicas: sizes[i] ?? 0 }))
}

function shareOf(set: ReplicaSet, d: Deployment, most: number): number {
  if (replicasOf(d) === 0) return -replicasOf(set)
  const annotated = Number(set.metadata.annotations?.[annotation.max]) || d.status?.replicas || 0
  return annotated === 0 ? 0 : Math.round((replicasOf(set) * most) / annotated) - replicasOf(set)
}
