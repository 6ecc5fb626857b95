import type { KubeObject } from '../../apimachinery/object.ts'
import { atOnce, type Steps } from '../../apimachinery/steps.ts'
import type { CompiledSchema } from '../../crd/schema/compiled.ts'
import type { Json, JsonObject } from '../../crd/schema/json-schema.ts'
import { coerceMetadata, MetadataError } from '../../crd/schema/metadata.ts'
import type { AppliedKind } from '../apply/applied-kind.ts'
import type { ObjectRules } from '../registry/rules.ts'
import { type Decoded, DecodeError, decodeTypedSteps } from '../schema/decode.ts'
import { hasFloats, markFloats } from '../schema/whole-floats.ts'
import { thaw, thawObjectSteps, thawSteps } from '../watch/freeze.ts'

/** How objects of a custom kind are read: metadata coerced, unknown fields pruned (and told), nulls dropped, defaults filled in. */
export function customRules(
  schema: CompiledSchema | undefined,
  preserveUnknownFields: boolean,
  appliedKind: AppliedKind,
): ObjectRules {
  const keepsUnknown = preserveUnknownFields || schema === undefined
  const shaped = function* ({ value, strictErrors }: Decoded, isApplied = false): Steps<Decoded> {
    const strict = new Set(strictErrors)
    // What calls itself another kind is refused later, for that alone.
    const own = value.kind === undefined || value.kind === appliedKind.kind ? schema : undefined
    const object = yield* shape(value as JsonObject, own, keepsUnknown || isApplied, strict)
    yield
    const whole = schema ? yield* schema.defaultSteps(object, isApplied) : object
    yield
    return { value: whole as Record<string, unknown>, strictErrors: [...strict] }
  }
  // What is given in process is shared and frozen; the pipeline changes what it decodes.
  const own = (value: unknown): Decoded => ({
    value: thaw(value as KubeObject) as unknown as Record<string, unknown>,
    strictErrors: [],
  })
  return {
    *decode(text) {
      const decoded = yield* decodeTypedSteps(text)
      yield
      const read = yield* shaped(decoded)
      if (decoded.isTyped) markFloats(read.value)
      return read
    },
    decodeValue: (value) => atOnce(shaped(own(value))),
    *decodePatched(value) {
      yield
      const own = yield* patchedCopy(value as JsonObject)
      yield
      const read = yield* shaped({ value: own, strictErrors: [] })
      if (hasFloats(value as object)) markFloats(read.value)
      return read
    },
    decodeApplied: (value) => atOnce(shaped(own(value), true)),
    canonical: (object) => object,
    *canonicalSteps(object) {
      yield
      return object
    },
    pruned: (object) => (keepsUnknown ? object : (schema.known(object as unknown as JsonObject) as unknown as KubeObject)),
    *withEmpties() {
      yield
      return undefined
    },
    appliedKind,
    type: undefined,
  }
}

/** What managers own stays shared: it is never changed in place, and field management knows what it has read before. */
function* patchedCopy(value: JsonObject): Steps<Record<string, unknown>> {
  const { metadata } = value as { metadata?: unknown }
  const isTracked = typeof metadata === 'object' && metadata !== null && 'managedFields' in metadata
  if (!isTracked || !Array.isArray(metadata.managedFields)) return yield* thawSteps(value as Record<string, unknown>)
  return (yield* thawObjectSteps(value as unknown as KubeObject)) as unknown as Record<string, unknown>
}

function* shape(
  given: JsonObject,
  schema: CompiledSchema | undefined,
  preserveUnknownFields: boolean,
  strict: Set<string>,
): Steps<JsonObject> {
  let object = withMetadata(given, strict)
  if (!schema) return object
  const coerced = schema.coerceEmbedded(object)
  if (coerced.error) throw new DecodeError(`${coerced.error.field}: ${coerced.error.message}`)
  object = coerced.value as JsonObject
  yield
  if (!preserveUnknownFields) {
    const pruned = yield* schema.pruneSteps(object)
    yield
    for (const path of pruned.unknown) strict.add(`unknown field "${path}"`)
    object = pruned.object
  }
  for (const path of coerced.unknown) strict.add(`unknown field "${path}"`)
  return object
}

/** metadata is ObjectMeta whatever the schema says. */
function withMetadata(object: JsonObject, strict: Set<string>): JsonObject {
  if (object.metadata === undefined) return { ...object, metadata: {} }
  try {
    const { value, unknown } = coerceMetadata(object.metadata as Json, 'metadata')
    for (const path of unknown) strict.add(`unknown field "${path}"`)
    return value === object.metadata ? object : { ...object, metadata: value }
  } catch (error) {
    if (error instanceof MetadataError) throw new DecodeError(error.message)
    throw error
  }
}
