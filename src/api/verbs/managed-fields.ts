import type { KubeObject } from '../../apimachinery/object.ts'
import { atOnce, type Steps } from '../../apimachinery/steps.ts'
import { type AppliedKind, builtInKind } from '../apply/applied-kind.ts'
import { applyConfigurationSteps, managersAfter, withManagers } from '../apply/field-manager.ts'
import { writeSets } from '../apply/managers.ts'
import { managerOfUserAgent } from '../apply/user-agent.ts'
import type { Call } from '../pipeline/call.ts'
import type { WriteOptions } from '../pipeline/options.ts'
import { mayTakeLong, paced } from '../pipeline/readable.ts'
import { convertBuiltIn } from '../registry/conversion.ts'
import type { ServedResource } from '../registry/served.ts'
import { asWritten, hasEmpties, markEmpties } from '../schema/decode.ts'
import { hasFloats, markFloats, withoutFloats } from '../schema/whole-floats.ts'

type Json = Parameters<typeof withManagers>[0]

const kinds = new WeakMap<ServedResource, AppliedKind>()

/** The kind of a resource as field management sees it; compiled on first use. */
function appliedKindOf(resource: ServedResource): AppliedKind {
  let kind = kinds.get(resource)
  if (!kind) {
    kind = resource.rules.appliedKind ?? builtInKind(resource.group, resource.version, resource.kind, convertBuiltIn)
    kinds.set(resource, kind)
  }
  return kind
}

/** Who manages the fields of a write: the option, or the program's name in User-Agent. */
export function managerOf(call: Call, options: WriteOptions): string {
  return options.fieldManager || managerOfUserAgent(call.request.headers['user-agent'])
}

/** `next` with metadata.managedFields after `manager` changed `live` into it. Both are in the version of the request. */
export const tracked = (...given: Parameters<typeof trackedSteps>): KubeObject => atOnce(trackedSteps(...given))

/** As `tracked`, which of a large object takes several turns of the event loop. */
export const trackedInTurns = (...given: Parameters<typeof trackedSteps>): KubeObject | Promise<KubeObject> =>
  paced(given[0].bulk, trackedSteps(...given))

function* trackedSteps(
  call: Call,
  live: KubeObject | undefined,
  next: KubeObject,
  manager: string,
  subresource: string,
): Steps<KubeObject> {
  yield
  const shown = shownToManagers(call, next)
  yield
  const requester = { manager, subresource, now: new Date(call.core.clock.now()), isLarge: mayTakeLong(call.bulk) }
  const managers = yield* managersAfter(appliedKindOf(call.resource), live as Json | undefined, shown, requester)
  if (managers) yield* writeSets(managers)
  return withEntriesOf(next, shown, withManagers(shown, managers))
}

/** Go's omitempty hides empty lists and maps from field management, to which numbers of one value are the same. */
function shownToManagers({ resource }: Call, next: KubeObject): Json {
  const { type } = resource.rules
  if (hasFloats(next)) return withoutFloats(next) as unknown as Json
  return (type && hasEmpties(next) ? asWritten(type, next) : next) as unknown as Json
}

/** `next` with the entries of `tracked`, which is `shown` with them. */
function withEntriesOf(next: KubeObject, shown: Json, tracked: Json): KubeObject {
  if ((shown as unknown) === next && !hasEmpties(next)) return tracked as unknown as KubeObject
  const { managedFields } = (tracked as unknown as KubeObject).metadata
  const { managedFields: _, ...metadata } = next.metadata
  const result = { ...next, metadata: managedFields ? { ...metadata, managedFields } : metadata }
  if (hasEmpties(next)) markEmpties(result)
  if (hasFloats(next)) markFloats(result)
  return result
}

/** What server-side apply of `config` makes of `live`; not yet defaulted. */
export function* appliedTo(
  call: Call,
  live: KubeObject | undefined,
  config: object,
  options: WriteOptions,
  subresource: string,
): Steps<KubeObject> {
  const requester = {
    manager: options.fieldManager,
    subresource,
    force: options.force === true,
    isLarge: mayTakeLong(call.bulk),
    now: new Date(call.core.clock.now()),
  }
  const kind = appliedKindOf(call.resource)
  const steps = applyConfigurationSteps(kind, live as Json | undefined, config as Json, requester)
  return (yield* steps) as unknown as KubeObject
}
