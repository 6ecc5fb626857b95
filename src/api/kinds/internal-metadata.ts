import type { ObjectMeta } from '../../apimachinery/object.ts'

/** metadata without annotations that only conversion to a version adds; what the internal form has. */
export function withoutAnnotations(metadata: ObjectMeta, added: readonly string[]): ObjectMeta {
  if (!metadata.annotations) return metadata
  const { annotations, ...rest } = metadata
  const own = Object.entries(annotations).filter(([key]) => !added.includes(key))
  return own.length > 0 ? { ...rest, annotations: Object.fromEntries(own) } : rest
}
