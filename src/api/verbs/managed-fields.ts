import type { KubeObject } from '../../apimachinery/object.ts'
import { type AppliedKind, builtInKind } from '../apply/applied-kind.ts'
import { applyConfiguration, trackUpdate } from '../apply/field-manager.ts'
import { managerOfUserAgent } from '../apply/user-agent.ts'
import type { Call } from '../pipeline/call.ts'
import type { WriteOptions } from '../pipeline/options.ts'
import { convertBuiltIn } from '../registry/conversion.ts'
import type { ServedResource } from '../registry/served.ts'
import { asWritten, hasEmpties, markEmpties } from '../schema/decode.ts'

type Json = Parameters<typeof trackUpdate>[2]

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
  const requester = { manager, subresource, now: new Date(call.core.clock.now()) }
  const kind = appliedKindOf(call.resource)
  const track = (object: KubeObject) =>
    trackUpdate(kind, live as Json | undefined, object as unknown as Json, requester) as unknown as KubeObject
  if (!hasEmpties(next)) return track(next)
  // Go's omitempty hides empty lists and maps from field management.
  const { type } = call.resource.rules
  const { managedFields } = track(type ? asWritten(type, next) : next).metadata
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
