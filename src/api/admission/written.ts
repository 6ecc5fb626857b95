import type { KubeObject } from '../../apimachinery/object.ts'
import { apiVersionOf } from '../../apimachinery/resource.ts'
import { internalError } from '../../apimachinery/status.ts'
import { convertBuiltIn } from '../registry/conversion.ts'
import type { AlsoServed } from '../registry/served.ts'
import { asWritten, hasEmpties } from '../schema/decode.ts'
import { typeOf } from '../schema/types.ts'
import type { AdmissionRequest } from './admission.ts'
import type { Matched } from './policy/matching.ts'

/**
 * The object with its type, as Go writes it for webhooks and expressions: without optional lists and maps that are empty, and in the version of
 * `as`, since a rule may name another one in which the same objects are served.
 */
export function writtenObject(request: AdmissionRequest, object: KubeObject, as?: Matched): KubeObject {
  const { apiVersion, kind } = typeMetaOf(request)
  const { group, version } = request.kindVersion ?? request
  const typed = { kind, apiVersion, ...object }
  const type = hasEmpties(object) ? typeOf(group, version, kind) : undefined
  const written = type ? asWritten(type, typed) : typed
  if (!as || request.kindVersion) return written
  return inVersion(written, apiVersionOf(as))
}

/**
 * The request with its objects in the version of `matched`. Itself where they are in it, and for built-in kinds, which `writtenObject` converts.
 * Throws or rejects with StatusError when they cannot be converted.
 */
export function seenAs(request: AdmissionRequest, matched: Matched): AdmissionRequest | Promise<AdmissionRequest> {
  const { alsoServed, object, oldObject } = request
  if (!alsoServed || request.kindVersion || matched.version === request.version) return request
  return Promise.all([converted(alsoServed, object, matched.version), converted(alsoServed, oldObject, matched.version)]).then(
    ([object, oldObject]) => ({ ...request, object, oldObject }),
  )
}

/** What `seen` became, in the version of the request again. */
export async function inOwnVersion({ alsoServed, version }: AdmissionRequest, seen: KubeObject): Promise<KubeObject> {
  return (alsoServed && (await converted(alsoServed, seen, version))) ?? seen
}

async function converted(
  alsoServed: AlsoServed,
  object: KubeObject | undefined,
  version: string,
): Promise<KubeObject | undefined> {
  try {
    return object && structuredClone(await alsoServed.convert(object, version))
  } catch (error) {
    throw internalError((error as Error).message)
  }
}

/** A built-in object in another version in which it is served; itself when there is none. */
export function inVersion(object: KubeObject, apiVersion: string): KubeObject {
  if (object.apiVersion === apiVersion) return object
  return (convertBuiltIn({ ...object }, apiVersion) as KubeObject | undefined) ?? object
}

/** apiVersion and kind of what is written. */
export function typeMetaOf({ group, version, kind, kindVersion }: AdmissionRequest): { apiVersion: string; kind: string } {
  return { apiVersion: apiVersionOf(kindVersion ?? { group, version }), kind }
}
