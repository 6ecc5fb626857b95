import { setMember } from '../../apimachinery/members.ts'
import type { Json, JsonSchema, ValidationRule } from './json-schema.ts'

/** Fields of Kubernetes' internal JSONSchemaProps, in its order, with what absent ones are. */
const FIELDS: readonly (readonly [string, keyof JsonSchema, unknown])[] = [
  ['ID', 'id', ''],
  ['Schema', '$schema', ''],
  ['Ref', '$ref', null],
  ['Description', 'description', ''],
  ['Type', 'type', ''],
  ['Nullable', 'nullable', false],
  ['Format', 'format', ''],
  ['Title', 'title', ''],
  ['Default', 'default', null],
  ['Maximum', 'maximum', null],
  ['ExclusiveMaximum', 'exclusiveMaximum', false],
  ['Minimum', 'minimum', null],
  ['ExclusiveMinimum', 'exclusiveMinimum', false],
  ['MaxLength', 'maxLength', null],
  ['MinLength', 'minLength', null],
  ['Pattern', 'pattern', ''],
  ['MaxItems', 'maxItems', null],
  ['MinItems', 'minItems', null],
  ['UniqueItems', 'uniqueItems', false],
  ['MultipleOf', 'multipleOf', null],
  ['Enum', 'enum', null],
  ['MaxProperties', 'maxProperties', null],
  ['MinProperties', 'minProperties', null],
  ['Required', 'required', null],
  ['Items', 'items', null],
  ['AllOf', 'allOf', null],
  ['OneOf', 'oneOf', null],
  ['AnyOf', 'anyOf', null],
  ['Not', 'not', null],
  ['Properties', 'properties', null],
  ['AdditionalProperties', 'additionalProperties', null],
  ['PatternProperties', 'patternProperties', null],
  ['Dependencies', 'dependencies', null],
  ['AdditionalItems', 'additionalItems', null],
  ['Definitions', 'definitions', null],
  ['ExternalDocs', 'externalDocs', null],
  ['Example', 'example', null],
  ['XPreserveUnknownFields', 'x-kubernetes-preserve-unknown-fields', null],
  ['XEmbeddedResource', 'x-kubernetes-embedded-resource', false],
  ['XIntOrString', 'x-kubernetes-int-or-string', false],
  ['XListMapKeys', 'x-kubernetes-list-map-keys', null],
  ['XListType', 'x-kubernetes-list-type', null],
  ['XMapType', 'x-kubernetes-map-type', null],
  ['XValidations', 'x-kubernetes-validations', null],
]

/** The names of the Go fields that `schema` sets, in Go's order. */
export function setFields(schema: JsonSchema): string[] {
  return FIELDS.filter(([, key, absent]) => isSet(schema[key], absent)).map(([name]) => name)
}

/** What Go has a pointer, a list or a map for is set by any value, '' and false too. */
const isSet = (value: unknown, absent: unknown): boolean =>
  value !== undefined && value !== null && (absent === null || value !== absent)

/** A schema as error messages of the API server show it. */
export function dumpSchema(schema: JsonSchema): Record<string, unknown> {
  return Object.fromEntries(FIELDS.map(([name, key, absent]) => [name, dumpField(key, schema[key]) ?? absent]))
}

function dumpField(key: keyof JsonSchema, value: unknown): unknown {
  if (value === undefined || value === null) return undefined
  switch (key) {
    case 'items':
      return Array.isArray(value)
        ? { Schema: null, JSONSchemas: value.map(dumpSchema) }
        : { Schema: dumpSchema(value), JSONSchemas: null }
    case 'allOf':
    case 'oneOf':
    case 'anyOf':
      return (value as JsonSchema[]).map(dumpSchema)
    case 'not':
      return dumpSchema(value)
    case 'properties':
    case 'patternProperties':
    case 'definitions':
      return mapped(value as Record<string, JsonSchema>, dumpSchema)
    case 'dependencies':
      return mapped(value as Record<string, JsonSchema | readonly string[] | null>, (part) =>
        Array.isArray(part)
          ? { Schema: null, Property: part }
          : { Schema: part && dumpSchema(part as JsonSchema), Property: null },
      )
    case 'additionalProperties':
    case 'additionalItems':
      return typeof value === 'object' ? { Allows: true, Schema: dumpSchema(value) } : { Allows: value, Schema: null }
    case 'externalDocs':
      return { Description: (value as { description?: string }).description ?? '', URL: (value as { url?: string }).url ?? '' }
    case 'x-kubernetes-validations':
      return (value as ValidationRule[]).map(dumpRule)
    default:
      return value
  }
}

function mapped<T>(parts: Readonly<Record<string, T>>, dump: (part: T) => object): Record<string, unknown> {
  const dumped: Record<string, Json> = {}
  for (const name of Object.keys(parts).sort()) setMember(dumped, name, dump(parts[name] as T) as unknown as Json)
  return dumped
}

export function dumpRule(rule: ValidationRule): Record<string, unknown> {
  return {
    Rule: rule.rule ?? '',
    Message: rule.message ?? '',
    MessageExpression: rule.messageExpression ?? '',
    Reason: rule.reason ?? null,
    FieldPath: rule.fieldPath ?? '',
    OptionalOldSelf: rule.optionalOldSelf ?? null,
  }
}
