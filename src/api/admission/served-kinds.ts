import { jsonText } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import type { Atom } from '../apply/types/atom.ts'
import { decodeValue } from '../schema/decode.ts'
import { typeOf } from '../schema/types.ts'
import type { AdmissionRequest } from './admission.ts'

/** What mutations need to know of the kind of an object. */
export interface ServedKind {
  /** Reads a changed object as its kind and sets what is not set. Throws an Error with Go's message. */
  read(value: unknown): KubeObject
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
  return (
    type && { mergeType: undefined, read: (value) => decodeValue(type, structuredClone(value)).value as unknown as KubeObject }
  )
}

/** Makes the content of `object` that of `next`, in place: it is the request's own copy. Returns whether anything changed. */
export function replaceContent(object: KubeObject, next: KubeObject): boolean {
  const before = jsonText(object)
  for (const key of Object.keys(object)) delete (object as unknown as Record<string, unknown>)[key]
  Object.assign(object, next)
  return jsonText(object) !== before
}
