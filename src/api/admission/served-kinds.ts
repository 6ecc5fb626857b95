import type { KubeObject } from '../../apimachinery/object.ts'
import { sameJsonSteps } from '../../apimachinery/same-json.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import type { Atom } from '../apply/types/atom.ts'
import { decodeValueSteps } from '../schema/decode.ts'
import { type StructType, typeOf } from '../schema/types.ts'
import { thawSteps } from '../watch/freeze.ts'
import type { AdmissionRequest } from './admission.ts'

/** What mutations need to know of the kind of an object. */
export interface ServedKind {
  /** Reads a changed object as its kind and sets what is not set, in steps. Throws an Error with Go's message. */
  read(value: unknown): Steps<KubeObject>
  /** How applied values merge; undefined when no schema says. */
  readonly mergeType: Atom | undefined
}

export type FindKind = (group: string, version: string, resource: string) => ServedKind | undefined

/** The kind of what is written: the resource's, or that of its subresource (a Scale). */
export function writtenKind(
  { group, version, resource, kind, kindVersion }: AdmissionRequest,
  find: FindKind,
): ServedKind | undefined {
  if (!kindVersion) return find(group, version, resource)
  const type = typeOf(kindVersion.group, kindVersion.version, kind)
  return type && { mergeType: undefined, read: (value) => readCopy(type, value) }
}

/** A copy of `value` as a `type`. Throws DecodeError. */
export function* readCopy(type: StructType, value: unknown): Steps<KubeObject> {
  return (yield* decodeValueSteps(type, yield* thawSteps(value))).value as unknown as KubeObject
}

/** Makes the content of `object` that of `next`, in place: it is the request's own copy. Returns whether anything changed. */
export function* replaceContent(object: KubeObject, next: KubeObject): Steps<boolean> {
  const isSame = yield* sameJsonSteps(object, next)
  for (const key of Object.keys(object)) delete (object as unknown as Record<string, unknown>)[key]
  Object.assign(object, next)
  return !isSame
}
