import { type FieldError, invalid } from '../../apimachinery/field-error.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import { pattern } from '../cel/library/patterns.ts'
import type { JsonSchema } from './json-schema.ts'
import { atIndex, atKey, child } from './path.ts'

/** The patterns of `schema` that are none. Each is compiled to see: a schema may have thousands. */
export function* patternErrors(schema: JsonSchema, path: string): Steps<FieldError[]> {
  const errors: FieldError[] = []
  if (schema.pattern) {
    errors.push(...problem(schema.pattern, child(path, 'pattern')))
    yield
  }
  for (const [part, at] of partsOf(schema, path)) for (const error of yield* patternErrors(part, at)) errors.push(error)
  return errors
}

function partsOf(schema: JsonSchema, path: string): [JsonSchema, string][] {
  const { items, additionalProperties: additional, not } = schema
  const parts: [JsonSchema, string][] = []
  if (items !== undefined && !Array.isArray(items)) parts.push([items as JsonSchema, child(path, 'items')])
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    parts.push([property, atKey(child(path, 'properties'), name)])
  }
  if (typeof additional === 'object') parts.push([additional, child(path, 'additionalProperties')])
  for (const key of ['anyOf', 'allOf', 'oneOf'] as const) {
    for (const [i, part] of (schema[key] ?? []).entries()) parts.push([part, atIndex(child(path, key), i)])
  }
  if (not !== undefined) parts.push([not, child(path, 'not')])
  return parts
}

function problem(source: string, path: string): FieldError[] {
  try {
    pattern(source)
    return []
  } catch (error) {
    return [invalid(path, source, `must be a valid regular expression, but isn't: ${(error as Error).message}`)]
  }
}
