import { timeText } from '../../apimachinery/clock.ts'
import { apiVersionOf, parseApiVersion } from '../../apimachinery/resource.ts'
import { badRequest, unforeseen } from '../../apimachinery/status.ts'
import { atOnce, type Steps } from '../../apimachinery/steps.ts'
import { hasEmpties, markEmpties } from '../schema/decode.ts'
import type { AppliedKind } from './applied-kind.ts'
import { conflictError } from './conflict.ts'
import { createdFields } from './created-fields.ts'
import { FieldSet } from './fields/field-set.ts'
import { unchangedSinceLastApplied, withLastApplied } from './last-applied.ts'
import {
  capUpdaters,
  entriesOf,
  identityOf,
  type Json,
  type Manager,
  type Managers,
  readManagers,
  readSets,
  withEntries,
  writeManagers,
  writeSets,
} from './managers.ts'
import { named } from './named.ts'
import { TypedError } from './typed/forms.ts'
import { isMap } from './typed/json-value.ts'
import { validateSteps } from './typed/validate.ts'
import type { Atom } from './types/atom.ts'
import { applied, type Operation, OwnershipConflict, updated } from './updater.ts'

interface Requester {
  /** The field manager; of an update the `fieldManager` parameter or what `managerOfUserAgent` gives. */
  readonly manager: string
  /** '' for the main resource. */
  readonly subresource?: string
  readonly now: Date
  /** The request goes on in steps, none of which may go through a large object. */
  readonly isLarge?: boolean
}

/** Fields that nobody owns: the server's own. */
const serverFields = FieldSet.of(
  ...['apiVersion', 'kind', 'metadata'].map((name) => [`f:${name}`]),
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => ['f:metadata', `f:${name}`]),
)

/** `next` with metadata.managedFields for a create, update or patch (not apply) of `live`; `live` is undefined for a create. Compares
 *  the decoded and defaulted objects, before admission. Never throws: what cannot be tracked has no managedFields. */
export function trackUpdate(kind: AppliedKind, live: Json | undefined, next: Json, requester: Requester): Json {
  return withManagers(next, atOnce(managersAfter(kind, live, next, requester)))
}

/** The first half of `trackUpdate`: who manages `next`. undefined: that cannot be tracked. */
export function* managersAfter(
  kind: AppliedKind,
  live: Json | undefined,
  next: Json,
  requester: Requester,
): Steps<Managers | undefined> {
  const before = live ?? kind.empty()
  try {
    yield* readSets(entriesOf(before))
    const managers = managersFor(before, next, requester)
    yield
    const isTracked = managers.size > 0 || !isMap(before.metadata) || !before.metadata.uid
    return isTracked ? yield* trackedUpdate(kind, before, next, managers, requester) : undefined
  } catch (e) {
    if (e instanceof TypeError || e instanceof RangeError) throw e
    return undefined
  }
}

/** The second half: `next` with what `managersAfter` gave. */
export const withManagers = (next: Json, managers: Managers | undefined): Json =>
  withEntries(next, managers && writeManagers(managers))

/** The managers to start from: those the request sends, so that a client can take entries out, else those of the live object. */
function managersFor(live: Json, next: Json, { subresource }: Requester): Managers {
  const sent = subresource ? undefined : entriesOf(next)
  if (sent && (sent.length === 0 || (sent.length === 1 && isMap(sent[0]) && Object.keys(sent[0]).length === 0))) return new Map()
  const managers = sent ? managersOrNone(sent) : undefined
  return managers && managers.size > 0 ? managers : (managersOrNone(entriesOf(live)) ?? new Map())
}

function managersOrNone(entries: Parameters<typeof readManagers>[0]): Managers | undefined {
  try {
    return readManagers(entries)
  } catch {
    return undefined
  }
}

const operationOf = (kind: AppliedKind, { subresource = '', isLarge = false }: Requester): Operation => ({
  kind,
  apiVersion: apiVersionOf(kind),
  filter: kind.resetFilter(subresource),
  byParts: kind.fits && !isLarge,
})

const currentOperation = 'current-operation'

function* trackedUpdate(kind: AppliedKind, live: Json, next: Json, managers: Managers, requester: Requester): Steps<Managers> {
  const operation = operationOf(kind, requester)
  // What a changed schema does not fit any more cannot be tracked.
  if (kind.checksFit) yield* fitted(kind.typeAt(operation.apiVersion), live)
  const after =
    managers.size === 0 && live === kind.empty()
      ? yield* afterCreate(operation, live, withEntries(next, undefined), requester.subresource ?? '')
      : withoutServerFields(
          yield* updated(operation, withEntries(live, undefined), withEntries(next, undefined), managers, currentOperation),
          currentOperation,
        )
  const result = new Map(after)
  const mine = result.get(currentOperation)
  if (mine) {
    result.delete(currentOperation)
    const entry: Omit<Manager, 'set' | 'time'> = {
      name: requester.manager || 'unknown',
      operation: 'Update',
      apiVersion: operation.apiVersion,
      subresource: requester.subresource ?? '',
    }
    const id = identityOf(entry)
    const previous = result.get(id)
    result.set(id, { ...entry, set: previous ? mine.set.union(previous.set) : mine.set, time: secondsOf(requester.now) })
  }
  return capUpdaters(result)
}

function* afterCreate(operation: Operation, empty: Json, next: Json, subresource: string): Steps<Managers> {
  const { kind, apiVersion } = operation
  const find = function* () {
    const managers = yield* updated(operation, empty, next, new Map(), currentOperation)
    return withoutServerFields(managers, currentOperation).get(currentOperation)?.set
  }
  const atom = kind.typeAt(apiVersion)
  const set = yield* createdFields(kind, atom, next, `${subresource} ${apiVersion} `, find)
  if (!set) return new Map()
  return new Map([[currentOperation, { name: '', operation: 'Update', apiVersion, subresource: '', set, time: undefined }]])
}

function withoutServerFields(managers: Managers, id: string): Managers {
  const manager = managers.get(id)
  if (!manager) return managers
  const set = manager.set.difference(serverFields)
  const result = new Map(managers)
  if (set.isEmpty()) result.delete(id)
  else result.set(id, { ...manager, set })
  return result
}

const secondsOf = (now: Date): string => timeText(now.getTime())

interface ApplyRequester extends Requester {
  readonly force: boolean
}

/** What applying `config` makes of `live` (undefined: it is created), with metadata.managedFields; read as its kind, not yet defaulted.
 *  Throws StatusError: 400 for a wrong kind or managedFields in the config, 409 for conflicts, 500 where kube-apiserver says so. */
export const applyConfiguration = (...given: Parameters<typeof applyConfigurationSteps>): Json =>
  atOnce(applyConfigurationSteps(...given))

/** As `applyConfiguration`, of which large objects take several turns of the event loop. */
export function* applyConfigurationSteps(
  kind: AppliedKind,
  live: Json | undefined,
  config: Json,
  requester: ApplyRequester,
): Steps<Json> {
  const before = live ?? kind.empty()
  yield* readSets(entriesOf(before))
  const managers = liveManagers(before)
  checkKind(kind, config)
  const start = managers.size > 0 ? managers : yield* beforeFirstApply(kind, before, requester)
  const { object, managers: after } = yield* applyOrTakeOver(kind, before, config, start, requester)
  yield
  const result = object === undefined ? before : readMerged(kind, config, object)
  yield* writeSets(after)
  const made = withEntries(requester.manager === 'kubectl' ? withLastApplied(result, config) : result, writeManagers(after))
  // Rules and messages see empty lists and maps, which what is stored has not.
  if (hasEmpties(result)) markEmpties(made)
  return made
}

function liveManagers(live: Json): Managers {
  try {
    return readManagers(entriesOf(live))
  } catch (e) {
    throw unforeseen(`failed to decode managed fields: ${(e as Error).message}`)
  }
}

function checkKind(kind: AppliedKind, config: Json): void {
  const { group, version } = parseApiVersion(typeof config.apiVersion === 'string' ? config.apiVersion : '')
  const named = typeof config.kind === 'string' ? config.kind : ''
  if (group !== kind.group || version !== kind.version || named !== kind.kind) {
    throw badRequest(`invalid object type: ${group}/${version}, Kind=${named}`)
  }
  if (entriesOf(config)) throw badRequest('metadata.managedFields must be nil')
}

/** Gives what is there already to `before-first-apply`, so that the first apply does not silently take it over. */
function* beforeFirstApply(kind: AppliedKind, live: Json, requester: Requester): Steps<Managers> {
  try {
    const failure = `failed to convert new object (${objectText(live, live)}) to smd typed`
    const tracked = trackedUpdate(kind, kind.empty(), live, new Map(), { ...requester, manager: 'before-first-apply' })
    if (!kind.checksFit) return yield* named(failure, tracked)
    yield* named(failure, fitted(kind.typeAt(apiVersionOf(kind)), live))
    return yield* tracked
  } catch (e) {
    throw unforeseen(`failed to create manager for existing fields: ${(e as Error).message}`)
  }
}

interface Applied {
  readonly object: unknown
  readonly managers: Managers
}

function* applyOrTakeOver(
  kind: AppliedKind,
  live: Json,
  config: Json,
  managers: Managers,
  requester: ApplyRequester,
): Steps<Applied> {
  try {
    return yield* applyOnce(kind, live, config, managers, requester, requester.force)
  } catch (e) {
    if (!(e instanceof OwnershipConflict)) throw e
    const allowed = requester.manager === 'kubectl' ? unchangedSinceLastApplied(kind, apiVersionOf(kind), live) : undefined
    const conflicts = allowed ? e.conflicts.filter(({ path }) => !allowed.has(path)) : e.conflicts
    if (conflicts.length > 0) throw yield* conflictError(conflicts)
    return yield* applyOnce(kind, live, config, managers, requester, true)
  }
}

/** Stored objects that were found to fit their type; they are shared and never change. */
const fitting = new WeakSet<object>()

/** Throws a TypedError when `live` does not fit its type. */
function* fitted(atom: Atom | undefined, live: Json): Steps<void> {
  if (!atom || fitting.has(live)) return
  yield* validateSteps(atom, live, true)
  if (Object.isFrozen(live)) fitting.add(live)
}

function* applyOnce(
  kind: AppliedKind,
  live: Json,
  config: Json,
  managers: Managers,
  requester: Requester,
  force: boolean,
): Steps<Applied> {
  const operation = operationOf(kind, requester)
  const atom = kind.typeAt(operation.apiVersion)
  if (!atom) throw unforeseen(`no corresponding type for ${typeText(kind)}`)
  const entry: Omit<Manager, 'set' | 'time'> = {
    name: requester.manager,
    operation: 'Apply',
    apiVersion: operation.apiVersion,
    subresource: requester.subresource ?? '',
  }
  const id = identityOf(entry)
  yield* named(`failed to create typed patch object (${objectText(config, config)})`, validateSteps(atom, config, false))
  yield
  yield* named(`failed to create typed live object (${objectText(live, live)})`, fitted(atom, live))
  yield
  const result = yield* appliedOrTold(operation, live, config, managers, { id, entry }, force)
  const stripped = new Map(withoutServerFields(result.managers, id))
  const mine = stripped.get(id)
  const set = mine && sameOr(managers.get(id)?.set, mine.set)
  if (mine && set) stripped.set(id, { ...mine, set, time: result.object === undefined ? mine.time : secondsOf(requester.now) })
  return { object: result.object, managers: stripped }
}

/** As `applied`; what no step of it names is told as it is. */
function* appliedOrTold(
  operation: Operation,
  live: Json,
  ...given: Tail<Parameters<typeof applied>>
): ReturnType<typeof applied> {
  try {
    return yield* applied(operation, withEntries(live, undefined), ...given)
  } catch (e) {
    if (e instanceof TypedError) throw unforeseen(e.message)
    throw e
  }
}

type Tail<T> = T extends [unknown, unknown, ...infer Rest] ? Rest : never

/** An equal set that is there already: its JSON is written already, too. */
const sameOr = (known: FieldSet | undefined, set: FieldSet): FieldSet => (known?.equals(set) ? known : set)

function readMerged(kind: AppliedKind, config: Json, merged: unknown): Json {
  try {
    return kind.read(merged)
  } catch (e) {
    throw unforeseen(
      `failed to convert new object (${objectText(config, config)}) to proper version: unable to convert unstructured object to ${typeText(kind)}: ${(e as Error).message}`,
    )
  }
}

const typeText = ({ group, version, kind }: { group: string; version: string; kind: string }): string =>
  `${group}/${version}, Kind=${kind}`

function objectText(object: Json, typed: Json): string {
  const metadata = isMap(object.metadata) ? object.metadata : {}
  const text = (value: unknown) => (typeof value === 'string' ? value : '')
  return `${text(metadata.namespace)}/${text(metadata.name)}; ${typeText({ ...parseApiVersion(text(typed.apiVersion)), kind: text(typed.kind) })}`
}
