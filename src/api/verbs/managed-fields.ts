import type { KubeObject } from '../../apimachinery/object.ts'
import { type AppliedKind, builtInKind } from '../apply/applied-kind.ts'
import { applyConfiguration, managersAfter, withManagers } from '../apply/field-manager.ts'
import { writeSetsInTurns } from '../apply/managers.ts'
import { managerOfUserAgent } from '../apply/user-agent.ts'
import type { Call } from '../pipeline/call.ts'
import type { WriteOptions } from '../pipeline/options.ts'
import { breath } from '../pipeline/readable.ts'
import { convertBuiltIn } from '../registry/conversion.ts'
import type { ServedResource } from '../registry/served.ts'
import { asWritten, hasEmpties, markEmpties } from '../schema/decode.ts'

type Json = Parameters<typeof withManagers>[0]

const kinds = new WeakMap<ServedResource, AppliedKind>()

/** The kind of a resource as field management sees it; compiled on first use. */
export function appliedKindOf(resource: ServedResource): AppliedKind {
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
export function tracked(
  call: Call,
  live: KubeObject | undefined,
  next: KubeObject,
  manager: string,
  subresource: string,
): KubeObject {
  const shown = shownToManagers(call, next)
  return withEntriesOf(next, shown, withManagers(shown, managersOf(call, live, shown, manager, subresource)))
}

/** As `tracked`, which of a large object takes several turns of the event loop. */
export async function trackedInTurns(...given: Parameters<typeof tracked>): Promise<KubeObject> {
  const [call, live, next, manager, subresource] = given
  const pause = breath(call.request)
  if (!pause) return tracked(...given)
  await pause
  const shown = shownToManagers(call, next)
  const managers = managersOf(call, live, shown, manager, subresource)
  await breath(call.request)
  if (managers) await writeSetsInTurns(managers, () => breath(call.request))
  return withEntriesOf(next, shown, withManagers(shown, managers))
}

/** Go's omitempty hides empty lists and maps from field management. */
function shownToManagers({ resource }: Call, next: KubeObject): Json {
  const { type } = resource.rules
  return (type && hasEmpties(next) ? asWritten(type, next) : next) as unknown as Json
}

function managersOf(call: Call, live: KubeObject | undefined, shown: Json, manager: string, subresource: string) {
  const requester = { manager, subresource, now: new Date(call.core.clock.now()) }
  return managersAfter(appliedKindOf(call.resource), live as Json | undefined, shown, requester)
}

/** `next` with the entries of `tracked`, which is `shown` with them. */
function withEntriesOf(next: KubeObject, shown: Json, tracked: Json): KubeObject {
  if ((shown as unknown) === next && !hasEmpties(next)) return tracked as unknown as KubeObject
  const { managedFields } = (tracked as unknown as KubeObject).metadata
  const { managedFields: _, ...metadata } = next.metadata
  const result = { ...next, metadata: managedFields ? { ...metadata, managedFields } : metadata }
  markEmpties(result)
  return result
}

/** What server-side apply of `config` makes of `live`; not yet defaulted. */
export function appliedTo(
  call: Call,
  live: KubeObject | undefined,
  config: object,
  options: WriteOptions,
  subresource: string,
): KubeObject {
  const requester = {
    manager: options.fieldManager,
    subresource,
    force: options.force === true,
    now: new Date(call.core.clock.now()),
  }
  const kind = appliedKindOf(call.resource)
  return applyConfiguration(kind, live as Json | undefined, config as Json, requester) as unknown as KubeObject
}
