import { duplicate, type FieldError, invalid, required, tooMany } from '../../apimachinery/field-error.ts'
import { pointedText } from '../../apimachinery/go-quote.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import { atIndex, child } from '../schema/path.ts'
import { resolveFieldPath } from '../schema/rules/field-path.ts'
import { conversionProblem } from '../schema/schema-errors.ts'
import type { DefinitionVersion, PrinterColumn, SelectableField, Subresources } from './definition.ts'

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string']
const COLUMN_FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']
export const MOST_SELECTABLE_FIELDS = 8

export function deprecationErrors({ deprecated, deprecationWarning }: DefinitionVersion, path: string): FieldError[] {
  if (deprecationWarning === undefined || deprecationWarning === null) return []
  const wrong = (detail: string): FieldError =>
    invalid(child(path, 'deprecationWarning'), pointedText(deprecationWarning), detail)
  if (!deprecated) return [wrong('can only be set for deprecated versions')]
  const errors: FieldError[] = []
  if (Buffer.byteLength(deprecationWarning) > 256) errors.push(wrong('must be <= 256 characters long'))
  if (deprecationWarning === '') errors.push(wrong('must not be an empty string'))
  const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.exec(deprecationWarning)
  if (unprintable === null) return errors
  const index = Buffer.byteLength(deprecationWarning.slice(0, unprintable.index))
  const detail = `must only contain printable UTF-8 characters; non-printable character found at index ${index}`
  return [...errors, wrong(detail)]
}

export function subresourceErrors(subresources: Subresources | undefined, path: string): FieldError[] {
  const scale = subresources?.scale
  if (scale === undefined) return []
  const check = (key: 'specReplicasPath' | 'statusReplicasPath', below: string): FieldError[] =>
    scale[key]
      ? placedPathErrors(scale[key], `${path}.scale.${key}`, [`.${below}.`], `.${below}`)
      : [required(`${path}.scale.${key}`)]
  const selector = scale.labelSelectorPath
    ? placedPathErrors(
        scale.labelSelectorPath,
        `${path}.scale.labelSelectorPath`,
        ['.spec.', '.status.'],
        'either .spec or .status',
      )
    : []
  return [...check('specReplicasPath', 'spec'), ...check('statusReplicasPath', 'status'), ...selector]
}

function placedPathErrors(value: string, path: string, starts: readonly string[], where: string): FieldError[] {
  const errors = simplePathErrors(value, path)
  if (errors.length > 0 || starts.some((start) => value.startsWith(start))) return errors
  return [invalid(path, value, `should be a json path under ${where}`)]
}

const simplePathErrors = (value: string, path: string): FieldError[] =>
  value.startsWith('.') ? [] : [invalid(path, value, 'must be a simple json path starting with .')]

export const columnsErrors = (columns: readonly PrinterColumn[] | undefined, path: string): FieldError[] =>
  (columns ?? []).flatMap((column, i) => columnErrors(column, atIndex(child(path, 'additionalPrinterColumns'), i)))

function columnErrors({ name, type, format, jsonPath }: PrinterColumn, path: string): FieldError[] {
  const errors = name ? [] : [required(child(path, 'name'))]
  const types = `must be one of ${COLUMN_TYPES.join(',')}`
  if (!type) errors.push(required(child(path, 'type'), types))
  else if (!COLUMN_TYPES.includes(type)) errors.push(invalid(child(path, 'type'), type, types))
  if (format && !COLUMN_FORMATS.includes(format)) {
    errors.push(invalid(child(path, 'format'), format, `must be one of ${COLUMN_FORMATS.join(',')}`))
  }
  if (!jsonPath) errors.push(required(child(path, 'JSONPath')))
  else errors.push(...simplePathErrors(jsonPath, child(path, 'JSONPath')))
  return errors
}

/** What is wrong with the selectable fields of a version with `schema`. `path`: what holds them. */
export function selectableFieldErrors(
  fields: readonly SelectableField[],
  schema: JsonSchema,
  path: string,
  allowTooMany: boolean,
): FieldError[] {
  const at = child(path, 'selectableFields')
  const problem = conversionProblem(schema)
  if (problem !== undefined) return [invalid(`${path}.schema.openAPIV3Schema`, '', problem)]
  const seen = new Set<string>()
  const errors = fields.flatMap((field, i) => selectableFieldError(field, schema, child(atIndex(at, i), 'jsonPath'), seen))
  if (seen.size > MOST_SELECTABLE_FIELDS && !allowTooMany) errors.push(tooMany(at, seen.size, MOST_SELECTABLE_FIELDS))
  return errors
}

function selectableFieldError({ jsonPath }: SelectableField, schema: JsonSchema, path: string, seen: Set<string>): FieldError[] {
  if (!jsonPath) return [required(path)]
  let found: ReturnType<typeof resolveFieldPath>
  try {
    found = resolveFieldPath(jsonPath, schema, false)
  } catch (error) {
    return [invalid(path, jsonPath, `is an invalid path: ${(error as Error).message}`)]
  }
  const errors: FieldError[] = []
  if (/^metadata(?:\.|$)/.test(found.path)) errors.push(invalid(path, jsonPath, 'must not point to fields in metadata'))
  if (!['string', 'boolean', 'integer'].includes(found.schema.type ?? '')) {
    const detail =
      'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.'
    errors.push(invalid(path, jsonPath, detail))
  }
  if (seen.has(found.path)) errors.push(duplicate(path, jsonPath))
  seen.add(found.path)
  return errors
}
