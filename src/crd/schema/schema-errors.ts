import { type FieldError, forbiddenField, invalid } from '../../apimachinery/field-error.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import { defaultErrors } from './default-errors.ts'
import { dumpSchema, setFields } from './go-dump.ts'
import { goStructJson, type JsonSchema } from './json-schema.ts'
import { nodeOf } from './node.ts'
import { openApiErrors, type SchemaOptions } from './openapi-errors.ts'
import { child } from './path.ts'
import { costError, RuleCosts, TOTAL_COST_LIMIT } from './rule-errors.ts'
import { structuralErrors } from './structural.ts'

export type { SchemaOptions } from './openapi-errors.ts'

const AT_ROOT_WITH_STATUS = [
  'Description',
  'Type',
  'Format',
  'Title',
  'Maximum',
  'ExclusiveMaximum',
  'Minimum',
  'ExclusiveMinimum',
  'MaxLength',
  'MinLength',
  'Pattern',
  'MaxItems',
  'MinItems',
  'UniqueItems',
  'MultipleOf',
  'Required',
  'Items',
  'Properties',
  'ExternalDocs',
  'Example',
  'XPreserveUnknownFields',
  'XValidations',
]

/** What is wrong with the schema of one version of a CRD, found at `path` (of the object that holds openAPIV3Schema). */
export function* schemaErrors(
  schema: JsonSchema,
  path: string,
  statusEnabled: boolean,
  options: SchemaOptions,
): Steps<FieldError[]> {
  const at = child(path, 'openAPIV3Schema')
  const errors = statusEnabled ? statusRootErrors(schema, at) : []
  if (schema.nullable) errors.push(forbiddenField(`${at}.nullable`, 'nullable cannot be true at the root'))
  let costs: RuleCosts | undefined
  let unconvertible: FieldError | undefined
  if (options.requireStructural) {
    const problem = conversionProblem(schema)
    yield
    if (problem !== undefined) unconvertible = invalid(at, '', problem)
    else {
      const structural = yield* structuralErrors(schema, at)
      yield
      const found = structural.length > 0 ? structural : yield* defaultErrors(nodeOf(schema, 'defaults'), at)
      yield
      errors.push(...found)
      if (found.length === 0) costs = new RuleCosts()
    }
  }
  errors.push(...(yield* openApiErrors(schema, at, options, costs)))
  if (errors.length === 0 && unconvertible !== undefined) errors.push(unconvertible)
  if (costs !== undefined && costs.total > TOTAL_COST_LIMIT) {
    const detail = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema'
    errors.push(...costs.mostExpensive.map((expensive) => forbiddenField(expensive.path, detail)))
    const name = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema'
    errors.push(forbiddenField(at, costError(name, costs.total, TOTAL_COST_LIMIT)))
  }
  return errors
}

/** With a status subresource, the status must be validated by properties.status alone. */
function statusRootErrors(schema: JsonSchema, path: string): FieldError[] {
  const fields = setFields(schema)
  for (const field of fields) {
    if (field === 'Type' && schema.type !== 'object') {
      const detail = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
      return [invalid(`${path}.type`, schema.type, detail)]
    }
    if (!AT_ROOT_WITH_STATUS.includes(field)) {
      const detail = `only [${AT_ROOT_WITH_STATUS.join(' ')}] fields are allowed at the root of the schema if the status subresource is enabled`
      return [
        { type: 'FieldValueInvalid', field: path, message: `Invalid value: ${goStructJson(dumpSchema(schema))}: ${detail}` },
      ]
    }
  }
  return []
}

/** Why a schema has no structural form at all. */
export function conversionProblem(schema: JsonSchema): string | undefined {
  const unsupported: [string, boolean][] = [
    ['id', Boolean(schema.id)],
    ['schema', Boolean(schema.$schema)],
    ['$ref', Boolean(schema.$ref)],
    ['patternProperties', Object.keys(schema.patternProperties ?? {}).length > 0],
    ['dependencies', Object.keys(schema.dependencies ?? {}).length > 0],
    ['additionalItems', schema.additionalItems !== undefined],
    ['definitions', Object.keys(schema.definitions ?? {}).length > 0],
  ]
  const name = unsupported.find(([, present]) => present)?.[0]
  if (name !== undefined) return `OpenAPIV3Schema '${name}' is not supported`
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined"
  }
  if (Array.isArray(schema.items)) return "OpenAPIV3Schema 'items' must be a schema, but is an array"
  const parts = [
    schema.not,
    ...(schema.allOf ?? []),
    ...(schema.anyOf ?? []),
    ...(schema.oneOf ?? []),
    schema.items as JsonSchema | undefined,
  ]
  const additional = typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []
  return [...parts, ...Object.values(schema.properties ?? {}), ...additional]
    .map((part) => (part === undefined ? undefined : conversionProblem(part)))
    .find((problem) => problem !== undefined)
}
