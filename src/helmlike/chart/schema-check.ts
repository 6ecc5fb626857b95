// One schema against one set of values. The drafts 4, 6, 7, 2019-09 and 2020-12 occur in charts; each has its own ajv.

import type { AnySchema, ErrorObject, Options, ValidateFunction } from 'ajv'
import type { FormatName } from 'ajv-formats'
import { quote } from '../../apimachinery/go-quote.ts'
import { isSurelyRegex, plainRegex } from '../functions/plain-regex.ts'
import { ChartError } from './chart.ts'
import { DATA, type Draft, draftOf, forAjv, patternsIn } from './schema-draft.ts'
import { isPlainSchema, surelyMeets } from './schema-plain.ts'

interface Validator {
  compile(schema: AnySchema): ValidateFunction
  addMetaSchema?(schema: AnySchema): unknown
}

const OPTIONS: Options = {
  allErrors: true,
  verbose: true,
  strict: false,
  validateFormats: false,
  logger: false,
  // Else `$ref: '#'` leads nowhere in a schema without an $id.
  addUsedSchema: true,
  allowUnionTypes: true,
  unicodeRegExp: true,
}
const MAX_CACHED = 64
const known = new Map<string, Schema>()

interface Schema {
  readonly parsed: unknown
  readonly isPlain: boolean
  /** Made when it is first needed. */
  validate: ValidateFunction | undefined
}

/** Formats that the older drafts assert, as Helm's library knows them. */
const FORMATS: FormatName[] = [
  'date',
  'date-time',
  'duration',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'json-pointer',
  'regex',
  'time',
  'uri',
  'uuid',
]

/** Patterns run by RE2, as in Go: no value makes them take long. */
async function options(): Promise<Options> {
  const { RE2JS } = await import('re2js')
  const regExp = (pattern: string) => {
    const compiled = RE2JS.compile(pattern)
    // Ajv keeps one expression for each text of them.
    return { test: (text: string) => compiled.matcher(text).find(), toString: () => pattern }
  }
  return { ...OPTIONS, code: { regExp: Object.assign(regExp, { code: 'RE2' }) } }
}

async function validatorFor(draft: Draft): Promise<Validator> {
  if (draft === 2020) return new (await import('ajv/dist/2020.js')).Ajv2020(await options())
  if (draft === 2019) return new (await import('ajv/dist/2019.js')).Ajv2019(await options())
  const { Ajv } = await import('ajv')
  const addFormats = (await import('ajv-formats')).default.default
  return addFormats(new Ajv({ ...(await options()), validateFormats: true }), FORMATS)
}

type Json = { [key: string]: unknown }
const isObject = (v: unknown): v is Json => typeof v === 'object' && v !== null && !Array.isArray(v)

/** The schemas behind http(s) and file references cannot be had without the network: say so. */
function checkReferences(schema: unknown): void {
  if (Array.isArray(schema)) for (const s of schema) checkReferences(s)
  if (!isObject(schema)) return
  const ref = schema.$ref
  if (typeof ref === 'string' && /^(?:https?|file):/.test(ref) && !/json-schema\.org/.test(ref)) {
    throw new ChartError(`values.schema.json refers to ${ref}, which is not loaded: charts must carry their schemas`)
  }
  for (const [keyword, v] of Object.entries(schema)) if (!DATA.has(keyword)) checkReferences(v)
}

function parseSchema(bytes: Buffer): Schema {
  const text = bytes.toString('utf8')
  let schema = known.get(text)
  if (!schema) {
    try {
      const parsed: unknown = JSON.parse(text.replace(/^\ufeff/, ''))
      schema = { parsed, isPlain: isPlainSchema(parsed), validate: undefined }
    } catch (e) {
      throw new ChartError(`values.schema.json: ${(e as Error).message}`)
    }
    if (known.size >= MAX_CACHED) known.clear()
    known.set(text, schema)
  }
  return schema
}

/** Patterns count also where no value ever comes: Helm checks them with the rest of the schema. Throws RE2's error. */
async function checkPatterns(schema: unknown, draft: Draft): Promise<void> {
  const unsure = [...new Set(patternsIn(schema, draft))].filter((p) => plainRegex(p) === undefined && !isSurelyRegex(p))
  if (unsure.length === 0) return
  const { RE2JS } = await import('re2js')
  for (const p of unsure) RE2JS.compile(p)
}

async function compileSchema(parsed: unknown): Promise<ValidateFunction> {
  const draft = draftOf(parsed)
  const schema = forAjv(parsed, draft)
  if (isObject(schema)) {
    if (typeof schema.$id === 'string' && draft >= 2019 && !/^[^#]*#?$/.test(schema.$id))
      throw new ChartError(
        `values.schema.json: $id ${JSON.stringify(schema.$id)} has a fragment, which draft ${draft} does not allow`,
      )
    delete schema.$schema
    delete schema.$id
  }
  checkReferences(schema)
  try {
    await checkPatterns(schema, draft)
    return (await validatorFor(draft)).compile(schema as AnySchema)
  } catch (e) {
    throw new ChartError(`values.schema.json: ${(e as Error).message}`)
  }
}

/** One thing that a schema does not allow. */
export interface Violation {
  /** A JSON pointer; '' is all of the values. */
  readonly at: string
  readonly problem: string
  readonly value: unknown
}

/** What is wrong with the values. Throws ChartError for a bad schema. */
export async function schemaViolations(schema: Buffer, values: unknown): Promise<readonly Violation[]> {
  const s = parseSchema(schema)
  if (s.isPlain && surelyMeets(s.parsed as Parameters<typeof surelyMeets>[0], values)) return []
  s.validate ??= await compileSchema(s.parsed)
  const { validate } = s
  if (validate(values)) return []
  return (validate.errors ?? []).map((e) => ({ at: e.instancePath, problem: problem(e), value: e.data }))
}

function problem(e: ErrorObject): string {
  const p = e.params as { [name: string]: unknown }
  switch (e.keyword) {
    case 'type':
      return `got ${typeof e.data === 'object' ? (e.data === null ? 'null' : Array.isArray(e.data) ? 'array' : 'object') : typeof e.data}, want ${[p.type].flat().join(' or ')}`
    case 'required':
      return `missing property '${String(p.missingProperty)}'`
    case 'additionalProperties':
      return `additional properties '${String(p.additionalProperty)}' not allowed`
    case 'enum':
      return oneOf(p.allowedValues as unknown[]) ?? "'enum' failed"
    case 'const':
      return oneOf([p.allowedValue]) ?? "'const' failed"
    case 'pattern':
      return `${display(e.data)} does not match pattern ${display(p.pattern)}`
    case 'uniqueItems':
      return `items at ${p.j} and ${p.i} are equal`
    case 'multipleOf':
      return `multipleOf: got ${grouped(e.data as number)}, want ${grouped(p.multipleOf as number)}`
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return `${e.keyword}: got ${grouped(e.data as number)}, want ${grouped(p.limit as number)}`
    case 'minLength':
    case 'maxLength':
    case 'minItems':
    case 'maxItems':
    case 'minProperties':
    case 'maxProperties':
      return `${e.keyword}: got ${grouped(sizeOf(e.data))}, want ${grouped(p.limit as number)}`
    default:
      return e.message ?? 'does not meet the schema'
  }
}

const sizeOf = (v: unknown): number =>
  typeof v === 'string' ? [...v].length : isObject(v) ? Object.keys(v).length : (v as unknown[]).length

/** A number as English texts have it: 70,000. */
const grouped = (n: number): string => n.toLocaleString('en', { maximumFractionDigits: 20 })

/** A scalar in single quotes or as it is. */
const display = (v: unknown): string =>
  typeof v === 'string'
    ? `'${quote(v).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
    : v === null
      ? '<nil>'
      : String(v)

/** undefined where not all are scalars. */
function oneOf(values: readonly unknown[]): string | undefined {
  if (values.some((v) => typeof v === 'object' && v !== null)) return undefined
  return `value must be ${values.length > 1 ? 'one of ' : ''}${values.map(display).join(', ')}`
}
