// One schema against one set of values. The drafts 4, 6, 7, 2019-09 and 2020-12 occur in charts; each has its own ajv.

import type { AnySchema, AnySchemaObject, ErrorObject, Options, ValidateFunction } from 'ajv'
import type { FormatName } from 'ajv-formats'
import { quote } from '../../apimachinery/go-quote.ts'
import { isSurelyRegex, plainRegex } from '../functions/regex/plain-regex.ts'
import { ChartError } from './chart.ts'
import { type Draft, draftOf, forAjv, patternsIn } from './schema-draft.ts'
import { isPlainSchema, surelyMeets } from './schema-plain.ts'

interface Validator {
  compileAsync(schema: AnySchema): Promise<ValidateFunction>
}

const OPTIONS: Options = {
  allErrors: true,
  verbose: true,
  strict: false,
  validateFormats: false,
  logger: false,
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
async function options(loadSchema: (url: string) => Promise<AnySchemaObject>): Promise<Options> {
  const { RE2JS } = await import('re2js')
  const regExp = (pattern: string) => {
    const compiled = RE2JS.compile(pattern)
    // Ajv keeps one expression for each text of them.
    return { test: (text: string) => compiled.matcher(text).find(), toString: () => pattern }
  }
  return { ...OPTIONS, loadSchema, code: { regExp: Object.assign(regExp, { code: 'RE2' }) } }
}

async function validatorFor(draft: Draft, load: (url: string) => Promise<AnySchemaObject>): Promise<Validator> {
  const chosen = await options(load)
  if (draft === 2020) return new (await import('ajv/dist/2020.js')).Ajv2020(chosen)
  if (draft === 2019) return new (await import('ajv/dist/2019.js')).Ajv2019(chosen)
  const { Ajv } = await import('ajv')
  const addFormats = (await import('ajv-formats')).default.default
  return addFormats(new Ajv({ ...chosen, validateFormats: true }), FORMATS)
}

type Json = { [key: string]: unknown }
const isObject = (v: unknown): v is Json => typeof v === 'object' && v !== null && !Array.isArray(v)

/** What gives the text of the schema at a URL (http, https or file). Throws an error that says why there is none. */
export type LoadSchema = (url: string) => Promise<string>

/** Where schemas are as Helm sees it: what `$ref` says is relative to it. */
const HOME = 'file:///values.schema.json'

/** Whoever renders charts of others asks no URL for them. */
const refuse: LoadSchema = () => Promise.reject(new Error('charts must carry their schemas'))

async function loaded(url: string, load: LoadSchema, draft: Draft): Promise<AnySchemaObject> {
  const { protocol } = new URL(url)
  // What nobody resolves allows everything.
  if (protocol === 'urn:') return {}
  try {
    if (!/^(?:https?|file):$/.test(protocol)) throw new Error(`no URLLoader registered for ${JSON.stringify(url)}`)
    const schema = JSON.parse(await load(url)) as unknown
    const named = isObject(schema) && typeof schema.$schema === 'string'
    const read = forAjv(schema, named ? draftOf(schema) : draft)
    if (isObject(read)) delete read.$schema
    return isObject(read) ? read : read === false ? { not: {} } : {}
  } catch (e) {
    throw new ChartError(`failing loading ${JSON.stringify(url)}: ${(e as Error).message}`)
  }
}

function parseSchema(bytes: Buffer): Schema {
  const text = bytes.toString('utf8')
  let schema = known.get(text)
  if (!schema) {
    try {
      const parsed: unknown = JSON.parse(text.replace(/^\ufeff/, ''))
      schema = { parsed, isPlain: isPlainSchema(parsed), validate: undefined }
    } catch (e) {
      throw new ChartError((e as Error).message)
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
  for (const p of unsure)
    try {
      RE2JS.compile(p)
    } catch (e) {
      throw invalid(draft, `at '': '${p}' is not valid regex: ${(e as Error).message}`)
    }
}

async function compileSchema(parsed: unknown, load: LoadSchema): Promise<ValidateFunction> {
  const draft = draftOf(parsed)
  const schema = forAjv(parsed, draft)
  let home = HOME
  if (isObject(schema)) {
    if (typeof schema.$id === 'string' && draft >= 2019 && !/^[^#]*#?$/.test(schema.$id))
      throw invalid(draft, `at '/$id': '${schema.$id}' does not match pattern '^[^#]*#?$'`)
    delete schema.$schema
    if (typeof schema.$id === 'string') home = URL.parse(schema.$id, HOME)?.href.replace(/#.*$/, '') ?? HOME
    schema.$id = home
  }
  await checkPatterns(schema, draft)
  const validator = await validatorFor(draft, (url) => loaded(url, load, draft))
  try {
    return await validator.compileAsync(schema as AnySchema)
  } catch (e) {
    if (e instanceof ChartError) throw e
    const { message } = e as Error
    const [, reference] = / is loaded but (.*) cannot be resolved$/.exec(message) ?? []
    if (reference !== undefined) throw missing(reference, home)
    throw message.startsWith('schema is invalid: ') ? invalid(draft, message.slice(19)) : new ChartError(message)
  }
}

const META: { readonly [draft in Draft]: string } = {
  4: 'http://json-schema.org/draft-04/schema#',
  6: 'http://json-schema.org/draft-06/schema#',
  7: 'http://json-schema.org/draft-07/schema#',
  2019: 'https://json-schema.org/draft/2019-09/schema#',
  2020: 'https://json-schema.org/draft/2020-12/schema#',
}

/** A schema that its own draft does not allow. */
const invalid = (draft: Draft, why: string) =>
  new ChartError(`"${HOME}#" is not valid against metaschema: jsonschema validation failed with '${META[draft]}'\n- ${why}`)

/** A reference that leads nowhere, in Helm's words. */
function missing(reference: string, home: string): ChartError {
  const [, file = home, fragment = ''] = /^([^#]*)#?(.*)$/.exec(reference) ?? []
  const at = `in ${JSON.stringify(`${file || home}#${fragment}`)} not found`
  return new ChartError(
    fragment.startsWith('/') || fragment === '' ? `json-pointer ${at}` : `anchor ${at} in schema ${JSON.stringify(file || home)}`,
  )
}

/** One thing that a schema does not allow. */
export interface Violation {
  /** A JSON pointer; '' is all of the values. */
  readonly at: string
  readonly problem: string
  readonly value: unknown
}

/** What is wrong with the values. Throws ChartError for a bad schema, or one that refers to others that `load` does not give. */
export async function schemaViolations(
  schema: Buffer,
  values: unknown,
  load: LoadSchema = refuse,
): Promise<readonly Violation[]> {
  const s = parseSchema(schema)
  if (s.isPlain && surelyMeets(s.parsed as Parameters<typeof surelyMeets>[0], values)) return []
  s.validate ??= await compileSchema(s.parsed, load)
  const { validate } = s
  if (validate(values)) return []
  return [...together(validate.errors ?? [])].map((list) => {
    const e = list[0] as ErrorObject
    return { at: e.instancePath, problem: problem(e, list), value: e.data }
  })
}

/** Properties that one keyword finds missing, or too many, at one place are told together. */
function together(errors: readonly ErrorObject[]): Iterable<readonly ErrorObject[]> {
  const found = new Map<unknown, ErrorObject[]>()
  for (const e of errors) {
    const isList = e.keyword === 'required' || e.keyword === 'additionalProperties'
    const key = isList ? `${e.instancePath} ${e.schemaPath}` : e
    const list = found.get(key)
    if (list) list.push(e)
    else found.set(key, [e])
  }
  return found.values()
}

/** 'a', 'b': the properties that errors name. */
const named = (errors: readonly ErrorObject[], parameter: string): string =>
  errors.map((e) => `'${String((e.params as Json)[parameter])}'`).join(', ')

function problem(e: ErrorObject, all: readonly ErrorObject[]): string {
  const p = e.params as { [name: string]: unknown }
  switch (e.keyword) {
    case 'type':
      return `got ${typeof e.data === 'object' ? (e.data === null ? 'null' : Array.isArray(e.data) ? 'array' : 'object') : typeof e.data}, want ${[p.type].flat().join(' or ')}`
    case 'required':
      return `missing ${all.length > 1 ? 'properties' : 'property'} ${named(all, 'missingProperty')}`
    case 'additionalProperties':
      return `additional properties ${named(all, 'additionalProperty')} not allowed`
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
