import { sameJsonSteps } from '../../apimachinery/same-json.ts'
import { awaited, type Steps } from '../../apimachinery/steps.ts'
import type { AppliedKind } from './applied-kind.ts'
import { FieldSet } from './fields/field-set.ts'
import { sortedPaths } from './fields/fields-v1.ts'
import type { Path } from './fields/path-element.ts'
import type { Json, Manager, Managers } from './managers.ts'
import { named } from './named.ts'
import type { ResetFilter } from './reset-fields.ts'
import { type Comparison, compareSteps } from './typed/compare.ts'
import { mergeSteps } from './typed/merge.ts'
import { reconcileWithType } from './typed/reconcile.ts'
import { removeItems } from './typed/remove.ts'
import { fieldSetSteps } from './typed/to-field-set.ts'
import { validate } from './typed/validate.ts'
import type { Atom } from './types/atom.ts'

/** Ownership as structured-merge-diff's merge.Updater decides it, in steps: large objects take several turns of the event loop. */

/** Others own fields that an apply would change. */
export class OwnershipConflict extends Error {
  readonly conflicts: readonly Conflict[]
  constructor(conflicts: readonly Conflict[]) {
    super(`${conflicts.length} conflicts`)
    this.conflicts = conflicts
  }
}

/** So many conflicts are found in one step. */
const stepConflicts = 1000

export interface Conflict {
  readonly manager: Manager
  readonly path: Path
}

export interface Operation {
  readonly kind: AppliedKind
  readonly apiVersion: string
  readonly filter: ResetFilter
  /** Whether parts may be compared as a whole: the object is not large, and fits its type. */
  readonly byParts: boolean
}

/** Thrown where a version that nobody serves any more stands in the way. */
const typeAt = (operation: Operation, apiVersion: string): Atom => {
  const atom = operation.kind.typeAt(apiVersion)
  if (!atom) throw new Error(`no corresponding type for ${apiVersion}`)
  return atom
}

interface Typed {
  readonly value: unknown
  readonly atom: Atom
}

/** An object at another version, with its type there; undefined when the version is not served. */
function* at(operation: Operation, object: unknown, from: string, apiVersion: string): Steps<Typed | undefined> {
  if (apiVersion === from) return { value: object, atom: typeAt(operation, from) }
  const { kind, apiVersion: hub } = operation
  const atom = kind.typeAt(apiVersion)
  if (!atom) return undefined
  let value: Json | undefined = (object ?? {}) as Json
  // Between two others the version of the request stands.
  for (const version of from === hub ? [apiVersion] : [hub, apiVersion])
    if (value && value.apiVersion !== version) value = yield* awaited(kind.convert(value, version))
  if (!value) return undefined
  // A conversion may keep fields that the version does not have.
  validate(atom, value, true)
  return { value, atom }
}

/** What an update of `live` to `next` by `workflow` leaves to whom; `workflow` gets what it changed. */
export function* updated(operation: Operation, live: Json, next: Json, managers: Managers, workflow: string): Steps<Managers> {
  const { apiVersion, filter } = operation
  const reconciled = yield* reconcile(operation, live, managers)
  yield
  const { managers: rest, change } = yield* settle(operation, live, next, reconciled, workflow, true)
  yield
  const before = rest.get(workflow)?.set ?? new FieldSet()
  const kept = before.difference(change.removed)
  yield
  const set = filter(kept.union(change.modified).union(change.added))
  yield
  const result = new Map(rest)
  if (set.isEmpty()) result.delete(workflow)
  else result.set(workflow, { ...blank, ...rest.get(workflow), operation: 'Update', apiVersion, set })
  return result
}

const blank: Manager = { name: '', operation: 'Update', apiVersion: '', subresource: '', set: new FieldSet(), time: undefined }

/** What `manager` makes of `live` by applying `config`, and who then owns what. `object` is undefined when nothing changes.
 *  Throws OwnershipConflict unless `force`, TypedError. */
export function* applied(
  operation: Operation,
  live: Json,
  config: Json,
  managers: Managers,
  manager: { readonly id: string; readonly entry: Omit<Manager, 'set' | 'time'> },
  force: boolean,
): Steps<{ object: unknown; managers: Managers }> {
  const atom = typeAt(operation, operation.apiVersion)
  const reconciled = yield* reconcile(operation, live, managers)
  yield
  const merged = yield* named('failed to merge config', mergeSteps(atom, live, config))
  yield
  const last = reconciled.get(manager.id)
  const set = operation.filter(yield* named('failed to get field set', fieldSetSteps(atom, config)))
  yield
  const owned = new Map(reconciled)
  owned.set(manager.id, { ...manager.entry, set, time: last?.time })
  const next = yield* named('failed to prune fields', prune(operation, merged, owned, manager.id, last))
  const { managers: result } = yield* settle(operation, live, next, owned, manager.id, force)
  yield
  return { object: (yield* sameJsonSteps(live, next)) ? undefined : next, managers: result }
}

function* reconcile(operation: Operation, live: Json, managers: Managers): Steps<Managers> {
  const result = new Map<string, Manager>()
  const versions = new Map<string, Typed | undefined>()
  for (const [id, manager] of managers) {
    const { apiVersion } = manager
    if (!versions.has(apiVersion)) versions.set(apiVersion, yield* at(operation, live, operation.apiVersion, apiVersion))
    const there = versions.get(apiVersion)
    if (!there) continue
    const set = reconcileWithType(manager.set, there.atom)
    result.set(id, set === manager.set ? manager : { ...manager, set })
  }
  return result
}

/** Takes from all but `workflow` what the change touches, and drops who owns nothing any more. */
function* settle(
  operation: Operation,
  live: unknown,
  next: unknown,
  managers: Managers,
  workflow: string,
  force: boolean,
): Steps<{ managers: Managers; change: Comparison }> {
  const { apiVersion, filter } = operation
  const change = yield* compareSteps(typeAt(operation, apiVersion), live, next, operation.byParts)
  const changes = new Map<string, Comparison | undefined>([[apiVersion, filtered(change, filter)]])
  yield
  const result = new Map(managers)
  const conflicts: Conflict[] = []
  for (const [id, manager] of managers) {
    if (id === workflow) continue
    if (!changes.has(manager.apiVersion))
      changes.set(manager.apiVersion, yield* changeAt(operation, live, next, manager.apiVersion))
    const seen = changes.get(manager.apiVersion)
    if (!seen) {
      result.delete(id)
      continue
    }
    const touched = seen.modified.union(seen.added)
    yield
    const conflict = manager.set.intersection(touched)
    yield
    for (const path of force ? [] : sortedPaths(conflict)) {
      conflicts.push({ manager, path })
      if (conflicts.length % stepConflicts === 0) yield
    }
    const set = manager.set.difference(conflict).difference(seen.removed)
    yield
    if (set !== manager.set) result.set(id, { ...manager, set })
    yield
  }
  if (conflicts.length > 0) throw new OwnershipConflict(conflicts)
  for (const [id, manager] of result) if (manager.set.isEmpty()) result.delete(id)
  return { managers: result as Managers, change: changes.get(apiVersion) ?? change }
}

function* changeAt(operation: Operation, live: unknown, next: unknown, apiVersion: string): Steps<Comparison | undefined> {
  const before = yield* named('failed to convert old object', at(operation, live, operation.apiVersion, apiVersion))
  const after = yield* named('failed to convert new object', at(operation, next, operation.apiVersion, apiVersion))
  yield
  if (!before || !after) return undefined
  return filtered(yield* compareSteps(before.atom, before.value, after.value, operation.byParts), operation.filter)
}

function filtered(change: Comparison, filter: ResetFilter): Comparison {
  return { added: filter(change.added), modified: filter(change.modified), removed: filter(change.removed) }
}

/** Takes out what the manager applied last time, applies no longer, and nobody else owns. */
function* prune(
  operation: Operation,
  merged: unknown,
  managers: Managers,
  id: string,
  last: Manager | undefined,
): Steps<unknown> {
  if (!last || last.set.isEmpty()) return merged
  const version = last.apiVersion
  const now = managers.get(id)
  // Nothing that was applied last time is missing now.
  if (version === operation.apiVersion && now && last.set.difference(now.set).isEmpty()) return merged
  const converting = 'failed to convert merged object to last applied version'
  const there = yield* named(converting, at(operation, merged, operation.apiVersion, version))
  if (!there) return merged
  const { atom, value } = there
  const applied = last.set.withNamedFields(atom)
  yield
  const bare = yield* removeItems(atom, value, applied)
  yield
  const owned = yield* named('failed add back owned items', addBackOwned(operation, value, bare, version, managers))
  const pruned = yield* addBackDangling(atom, value, owned, last.set)
  yield
  const target = now?.apiVersion ?? operation.apiVersion
  const result = yield* at(operation, pruned, version, target)
  return result ? result.value : merged
}

function* addBackOwned(
  operation: Operation,
  merged: unknown,
  pruned: unknown,
  version: string,
  managers: Managers,
): Steps<unknown> {
  const owned = new Map<string, FieldSet>()
  owned.set(version, new FieldSet())
  for (const { apiVersion, set } of managers.values()) owned.set(apiVersion, set.union(owned.get(apiVersion) ?? new FieldSet()))
  let result = pruned
  for (const [apiVersion, set] of owned) {
    const whole = yield* named(
      `failed to convert merged object at version ${apiVersion}`,
      at(operation, merged, version, apiVersion),
    )
    const part = yield* named(
      `failed to convert pruned object at version ${apiVersion}`,
      at(operation, result, version, apiVersion),
    )
    if (!whole || !part) continue
    const { atom } = whole
    const partSet = yield* fieldSetSteps(atom, part.value)
    const keep = partSet.withNamedFields(atom).union(set.withNamedFields(atom))
    yield
    const present = yield* fieldSetSteps(atom, whole.value)
    yield
    const gone = present.withNamedFields(atom).difference(keep)
    yield
    const kept = yield* removeItems(atom, whole.value, gone)
    const back = yield* at(operation, kept, apiVersion, version)
    if (back) result = back.value
    yield
  }
  return result
}

/** Items that only went because what they hang on went, and that were never applied, come back. */
function* addBackDangling(atom: Atom, merged: unknown, pruned: unknown, last: FieldSet): Steps<unknown> {
  const prunedSet = (yield* fieldSetSteps(atom, pruned)).withNamedFields(atom)
  yield
  const mergedSet = (yield* fieldSetSteps(atom, merged)).withNamedFields(atom)
  yield
  const lost = mergedSet.difference(prunedSet)
  yield
  const dangling = lost.intersection(last.withNamedFields(atom))
  yield
  return yield* removeItems(atom, merged, dangling)
}
