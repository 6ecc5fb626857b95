import { jsonText, parseJson } from '../../apimachinery/json.ts'
import type { AppliedKind } from './applied-kind.ts'
import type { FieldSet } from './fields/field-set.ts'
import type { Json } from './managers.ts'
import { compare } from './typed/compare.ts'
import { isMap } from './typed/json-value.ts'
import { toFieldSet } from './typed/to-field-set.ts'
import { validate } from './typed/validate.ts'

/** How `kubectl apply --server-side` takes over objects that client-side apply made: its manager is `kubectl`. */

const annotation = 'kubectl.kubernetes.io/last-applied-configuration'
/** Bytes that all annotations of an object may have. */
const maxAnnotationBytes = 256 * 1024

const annotationsOf = (object: Json): Record<string, string> | undefined => {
  const { metadata } = object
  const annotations = isMap(metadata) ? metadata.annotations : undefined
  return isMap(annotations) ? (annotations as Record<string, string>) : undefined
}

/** The fields that are still as the last client-side apply left them: conflicts over those are none. Undefined when it cannot be told. */
export function unchangedSinceLastApplied(kind: AppliedKind, apiVersion: string, live: Json): FieldSet | undefined {
  const text = annotationsOf(live)?.[annotation]
  const atom = kind.typeAt(apiVersion)
  if (!text || !atom) return undefined
  try {
    const last: unknown = parseJson(text)
    if (!isMap(last) || last.apiVersion !== apiVersion) return undefined
    validate(atom, live, false)
    validate(atom, last, false)
    const { added, modified, removed } = compare(atom, last, live)
    return toFieldSet(atom, last).difference(modified).difference(added).difference(removed)
  } catch {
    return undefined
  }
}

/** Keeps an existing last-applied annotation true after `config` was applied, so that client-side apply can go on from there. */
export function withLastApplied(object: Json, config: Json): Json {
  const annotations = annotationsOf(object)
  if (!annotations?.[annotation]) return object
  const { [annotation]: _, ...others } = annotationsOf(config) ?? {}
  const metadata = isMap(config.metadata)
    ? { ...config.metadata, ...(annotationsOf(config) ? { annotations: others } : {}) }
    : config.metadata
  const updated = { ...annotations, [annotation]: `${jsonText(sorted({ ...config, metadata }))}\n` }
  const size = Object.entries(updated).reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0)
  if (size > maxAnnotationBytes) delete (updated as Record<string, string>)[annotation]
  return { ...object, metadata: { ...(object.metadata as Json), annotations: updated } }
}

/** Go writes the members of maps in alphabetical order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isMap(value)) return value
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  )
}
