import type { KubeObject } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { CompiledSchema } from '../../crd/schema/compiled.ts'
import type { JsonObject } from '../../crd/schema/json-schema.ts'
import type { AppliedKind } from '../apply/applied-kind.ts'
import type { ObjectRules } from '../registry/rules.ts'
import { type Decoded, decodeUntyped } from '../schema/decode.ts'

/** How objects of a custom kind are read: unknown fields pruned (and told), metadata coerced, nulls dropped, defaults filled in. */
export function customRules(
  schema: CompiledSchema | undefined,
  preserveUnknownFields: boolean,
  appliedKind: AppliedKind,
): ObjectRules {
  const shaped = (decoded: Decoded): Decoded => {
    const { value, strict } = shape(decoded.value, schema, preserveUnknownFields)
    return { value, strictErrors: [...decoded.strictErrors, ...strict] }
  }
  return {
    decode: (text) => shaped(decodeUntyped(text)),
    decodeValue: (value) => shaped({ value: value as Record<string, unknown>, strictErrors: [] }),
    decodePatched: (value) => shaped({ value: value as Record<string, unknown>, strictErrors: [] }),
    canonical: (object) => object,
    appliedKind,
    type: undefined,
  }
}

function shape(
  given: Record<string, unknown>,
  schema: CompiledSchema | undefined,
  preserveUnknownFields: boolean,
): { value: Record<string, unknown>; strict: readonly string[] } {
  if (!schema) return { value: given, strict: [] }
  let object = given as JsonObject
  const strict: string[] = []
  const coerced = schema.coerceEmbedded(object)
  const problem = coerced.error
  if (problem) throw new StatusError(400, 'BadRequest', problem.message)
  object = coerced.object
  strict.push(...coerced.unknown.map((path) => `unknown field "${path}"`))
  if (!preserveUnknownFields) {
    const pruned = schema.prune(object)
    object = pruned.object
    strict.push(...pruned.unknown.map((path) => `unknown field "${path}"`))
  }
  object = schema.default(schema.dropNulls(object))
  return { value: object as Record<string, unknown>, strict: [...new Set(strict)].sort() }
}

/** A stored object as it is read: with the defaults that the schema has now. */
export function readWith(schema: CompiledSchema | undefined, object: KubeObject): KubeObject {
  return schema ? (schema.default(object as unknown as JsonObject) as unknown as KubeObject) : object
}
