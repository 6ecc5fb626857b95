import type { Steps } from '../../apimachinery/steps.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import { listMapKeyErrors } from '../schema/openapi-errors.ts'
import { conversionProblem } from '../schema/schema-errors.ts'
import { structuralErrors } from '../schema/structural.ts'

/** What schemas hold that older API servers accepted, and what asks for more of a schema. */

/** Whether `test` holds for `schema` or for any schema inside. */
export function anySchemaPart(schema: JsonSchema, test: (part: JsonSchema) => boolean): boolean {
  return test(schema) || partsOf(schema).some((part) => anySchemaPart(part, test))
}

/** The schemas directly inside of `schema`. */
function partsOf(schema: JsonSchema): JsonSchema[] {
  const isSchema = (part: unknown): part is JsonSchema => typeof part === 'object' && part !== null && !Array.isArray(part)
  const { items, allOf, anyOf, oneOf, not, properties, additionalProperties, patternProperties } = schema
  const { additionalItems, definitions, dependencies } = schema
  const lists = [Array.isArray(items) ? items : [items], allOf ?? [], anyOf ?? [], oneOf ?? [], [not]]
  const maps = [properties, patternProperties, definitions, dependencies].map((map) => Object.values(map ?? {}))
  return [...lists.flat(), ...maps.flat(), additionalProperties, additionalItems].filter(isSchema)
}

export function* isStructural(schema: JsonSchema): Steps<boolean> {
  return conversionProblem(schema) === undefined && (yield* structuralErrors(schema, '')).length === 0
}

const TYPES = new Set(['array', 'boolean', 'integer', 'number', 'object', 'string'])
export const hasOddType = ({ type }: JsonSchema): boolean => Boolean(type) && !TYPES.has(type as string)

/** A set of what can be changed in part. */
export function hasOddSet(schema: JsonSchema): boolean {
  const { items } = schema
  if (schema['x-kubernetes-list-type'] !== 'set' || items === undefined || Array.isArray(items)) return false
  const item = items as JsonSchema
  if (item.type === 'array') return ![undefined, 'atomic'].includes(item['x-kubernetes-list-type'])
  return item.type === 'object' && item['x-kubernetes-map-type'] !== 'atomic'
}

export const hasOddList = (schema: JsonSchema): boolean => listMapKeyErrors(schema, '').length > 0

export const hasExtension = (schema: JsonSchema): boolean =>
  Boolean(schema['x-kubernetes-embedded-resource']) ||
  schema['x-kubernetes-preserve-unknown-fields'] !== undefined ||
  Boolean(schema['x-kubernetes-int-or-string']) ||
  (schema['x-kubernetes-list-map-keys'] ?? []).length > 0 ||
  schema['x-kubernetes-list-type'] !== undefined ||
  (schema['x-kubernetes-validations'] ?? []).length > 0
