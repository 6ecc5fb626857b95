import { isRawJSON, jsonText, parseJson, WholeFloat, writable } from '../../apimachinery/json.ts'
import { setMember } from '../../apimachinery/members.ts'

/** A value as JSON has it; a bigint where a number loses digits of an int64, a WholeFloat where it would look like one. Objects may have any own key, '__proto__' too. */
export type Json = null | boolean | number | bigint | WholeFloat | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json
}

/** One entry of x-kubernetes-validations. */
export interface ValidationRule {
  readonly rule?: string
  readonly message?: string
  readonly messageExpression?: string
  readonly reason?: string
  readonly fieldPath?: string
  readonly optionalOldSelf?: boolean
}

/** apiextensions.k8s.io/v1 JSONSchemaProps. */
export interface JsonSchema {
  readonly id?: string
  readonly $schema?: string
  readonly $ref?: string
  readonly description?: string
  readonly type?: string
  readonly format?: string
  readonly title?: string
  readonly default?: Json
  readonly maximum?: number
  readonly exclusiveMaximum?: boolean
  readonly minimum?: number
  readonly exclusiveMinimum?: boolean
  readonly maxLength?: number
  readonly minLength?: number
  readonly pattern?: string
  readonly maxItems?: number
  readonly minItems?: number
  readonly uniqueItems?: boolean
  readonly multipleOf?: number
  readonly enum?: readonly Json[]
  readonly maxProperties?: number
  readonly minProperties?: number
  readonly required?: readonly string[]
  readonly items?: JsonSchema | readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
  readonly not?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>
  readonly dependencies?: Readonly<Record<string, JsonSchema | readonly string[]>>
  readonly additionalItems?: JsonSchema | boolean
  readonly definitions?: Readonly<Record<string, JsonSchema>>
  readonly externalDocs?: { readonly description?: string; readonly url?: string }
  readonly example?: Json
  readonly nullable?: boolean
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
  readonly 'x-kubernetes-embedded-resource'?: boolean
  readonly 'x-kubernetes-int-or-string'?: boolean
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-list-type'?: string
  readonly 'x-kubernetes-map-type'?: string
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[]
}

/** How many a bound such as maxItems allows; one beyond what a number holds exactly was read as a bigint. */
export const mostOf = (bound: number | bigint): number => Math.max(0, Number(bound))

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof WholeFloat)
}

export const isJsonArray = (value: unknown): value is readonly Json[] => Array.isArray(value)

/** The own property `key` of `object`; undefined when it has none. */
export const own = (object: JsonObject, key: string): Json | undefined => (Object.hasOwn(object, key) ? object[key] : undefined)

/** What two JSON values have in common, as keys of a map or set, exactly when `sameJson` says that they are the same. */
export function identityOf(value: Json): string | number | bigint | boolean | null {
  if (typeof value === 'string') return `"${value}`
  if (value instanceof WholeFloat) return `float64 ${Number(value) + 0}`
  if (isJsonArray(value)) return `[${value.map(identityText).join(',')}]`
  if (!isJsonObject(value)) return value
  const members = Object.keys(value).sort()
  return `{${members.map((key) => `${JSON.stringify(key)}:${identityText(value[key] as Json)}`).join(',')}}`
}

const identityText = (value: Json): string => (typeof value === 'string' ? JSON.stringify(value) : String(identityOf(value)))

/** JSON as Go's encoding/json writes it: keys sorted, `<`, `>` and `&` escaped. */
export function goJson(value: unknown): string {
  const text = JSON.stringify(value, sortedKeys)
  return (text ?? 'null').replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** A value whose keys stand as Go's maps are shown. */
export const withSortedKeys = (value: Json): Json =>
  typeof value === 'object' && value !== null ? (parseJson(JSON.stringify(value, sortedKeys)) as Json) : value

const sortedKeys = (key: string, part: unknown): unknown =>
  isJsonObject(part) && !isRawJSON(part) ? sorted(part) : writable(key, part)

/** For structures of Go, whose fields keep their order. */
export function goStructJson(value: unknown): string {
  return jsonText(value).replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function sorted(object: JsonObject): JsonObject {
  const copy: Record<string, Json> = {}
  for (const key of Object.keys(object).sort()) setMember(copy, key, object[key] as Json)
  return copy
}
