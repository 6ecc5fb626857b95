// JSON schemas of the simple kind that most charts have, checked by walking them: ajv takes 30 ms to load and compile one.
// What is plain means the same in every draft that charts use.
import { isSurelyRegex, plainRegex } from '../functions/regex/plain-regex.ts'

type Json = { readonly [key: string]: unknown }
const isObject = (v: unknown): v is Json => typeof v === 'object' && v !== null && !Array.isArray(v)
const MAX_DEPTH = 100

const ANNOTATIONS = new Set(
  '$schema default example form hidden render sliderMin sliderMax sliderUnit $defs definitions'.split(' '),
)
const TYPES = new Set(['object', 'array', 'string', 'boolean', 'number', 'integer', 'null'])
const isScalar = (v: unknown) => typeof v !== 'object' || v === null
const isType = (v: unknown) => typeof v === 'string' && TYPES.has(v)
const isCount = (v: unknown) => Number.isInteger(v) && (v as number) >= 0
const isNames = (v: unknown) => Array.isArray(v) && v.every((n) => typeof n === 'string') && new Set(v).size === v.length

/** From 2019-09 on an `$id` has no fragment: such a schema is refused, not only read in another way. */
const isOldDraft = (draft: unknown): boolean => typeof draft === 'string' && /draft-0[467]/.test(draft)

/** Whether a keyword's value is of the usual form; schemas inside it are looked at by the caller. */
function isPlainKeyword(keyword: string, v: unknown, isRoot: boolean, mayHaveFragments: boolean): boolean {
  switch (keyword) {
    case 'title':
    case 'description':
    case '$comment':
      return typeof v === 'string'
    case 'examples':
      return Array.isArray(v)
    case 'deprecated':
      return typeof v === 'boolean'
    case 'type':
      return isType(v) || (isNames(v) && (v as string[]).length > 0 && (v as string[]).every(isType))
    case 'required':
      return isNames(v)
    case 'enum':
      return Array.isArray(v) && v.length > 0 && v.every(isScalar)
    case 'const':
      return isScalar(v)
    case 'pattern':
      return typeof v === 'string' && (plainRegex(v) !== undefined || isSurelyRegex(v))
    case '$ref':
      return typeof v === 'string' && /^#(?:\/[\w$.-]+)+$/.test(v)
    case '$id':
      return typeof v === 'string' && (mayHaveFragments ? isRoot || v.startsWith('#') : isRoot && /^[^#]*#?$/.test(v))
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return typeof v === 'number'
    case 'minLength':
    case 'maxLength':
    case 'minItems':
    case 'maxItems':
    case 'minProperties':
    case 'maxProperties':
      return isCount(v)
    default:
      return ANNOTATIONS.has(keyword)
  }
}

/** The schemas right inside a keyword; undefined where it is no keyword that holds schemas. */
function schemasIn(keyword: string, v: unknown): readonly unknown[] | undefined {
  switch (keyword) {
    case 'properties':
    case '$defs':
    case 'definitions':
      return isObject(v) ? Object.values(v) : [undefined]
    case 'items':
    case 'additionalProperties':
    case 'not':
    case 'if':
    case 'then':
    case 'else':
      return [v]
    case 'allOf':
    case 'anyOf':
    case 'oneOf':
      return Array.isArray(v) && v.length > 0 ? v : [undefined]
    default:
      return undefined
  }
}

/** Whether all of a schema is plain. */
export function isPlainSchema(
  schema: unknown,
  depth = 0,
  mayHaveFragments = isObject(schema) && isOldDraft(schema.$schema),
): boolean {
  if (typeof schema === 'boolean') return true
  if (!isObject(schema) || depth > MAX_DEPTH) return false
  for (const keyword in schema) {
    const inside = schemasIn(keyword, schema[keyword])
    const isPlain = inside
      ? inside.every((s) => isPlainSchema(s, depth + 1, mayHaveFragments))
      : isPlainKeyword(keyword, schema[keyword], depth === 0, mayHaveFragments)
    if (!isPlain) return false
  }
  return true
}

/** Whether `value` certainly meets a plain schema. False also where the walk gets nowhere: then ajv has the word. */
export function surelyMeets(root: Json | boolean, value: unknown): boolean {
  return typeof root === 'boolean' ? root : new Walk(root).meets(root, value, 0) === true
}

class Walk {
  private readonly root: Json
  private readonly references = new Map<string, unknown>()
  private lost = false
  /** How many `not`, `oneOf` and `if` stand around: there it must be known what a value does not meet, too. */
  private exact = 0
  constructor(root: Json) {
    this.root = root
  }

  meets(schema: unknown, value: unknown, depth: number): boolean {
    if (typeof schema === 'boolean') return schema
    if (depth > MAX_DEPTH) this.lost = true
    for (const keyword in schema as Json) {
      if (this.lost || !this.meetsKeyword(keyword, schema as Json, value, depth + 1)) return false
    }
    return true
  }

  private meetsKeyword(keyword: string, schema: Json, value: unknown, depth: number): boolean {
    const wanted = schema[keyword]
    switch (keyword) {
      case 'properties':
        return !isObject(value) || Object.keys(wanted as Json).every((k) => this.meetsProperty(wanted as Json, k, value, depth))
      case 'additionalProperties':
        return wanted === true || !isObject(value) || this.meetsAdditional(wanted, schema.properties, value, depth)
      case 'items':
        return !Array.isArray(value) || value.every((v) => this.meets(wanted, v, depth))
      case 'allOf':
        return (wanted as unknown[]).every((s) => this.meets(s, value, depth))
      case 'anyOf':
        return (wanted as unknown[]).some((s) => this.meets(s, value, depth))
      case 'oneOf':
        return this.exactly(() => (wanted as unknown[]).filter((s) => this.meets(s, value, depth)).length === 1)
      case 'not':
        return this.exactly(() => !this.meets(wanted, value, depth))
      case 'if': {
        const branch = this.exactly(() => this.meets(wanted, value, depth)) ? schema.then : schema.else
        return !this.lost && (branch === undefined || this.meets(branch, value, depth))
      }
      case '$ref':
        // Drafts differ in whether what stands beside a reference counts: who meets all of it meets it in each.
        if (this.exact > 0 && Object.keys(schema).length > 1) this.lost = true
        return this.meets(this.referred(wanted as string), value, depth)
      case 'pattern':
        return typeof value !== 'string' || this.meetsPattern(wanted as string, value)
      default:
        return meetsSimple(keyword, wanted, value)
    }
  }

  /** What needs RE2 is left to ajv. */
  private meetsPattern(pattern: string, value: string): boolean {
    const plain = plainRegex(pattern)
    if (!plain || value.length > plain.maxLength) {
      this.lost = true
      return false
    }
    return plain.expression.test(value)
  }

  private exactly(decide: () => boolean): boolean {
    this.exact++
    const met = decide()
    this.exact--
    return met && !this.lost
  }

  private meetsProperty(schemas: Json, name: string, value: Json, depth: number): boolean {
    return !Object.hasOwn(value, name) || this.meets(schemas[name], value[name], depth)
  }

  private meetsAdditional(wanted: unknown, properties: unknown, value: Json, depth: number): boolean {
    const known = isObject(properties) ? properties : {}
    return Object.keys(value).every((name) => Object.hasOwn(known, name) || this.meets(wanted, value[name], depth))
  }

  /** What `#/a/b` leads to; a schema that nothing meets where it leads nowhere. */
  private referred(reference: string): unknown {
    let at = this.references.get(reference)
    if (at === undefined) {
      at = this.root
      for (const name of reference.split('/').slice(1)) at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined
      if (!isPlainSchema(at)) {
        this.lost = true
        return false
      }
      this.references.set(reference, at)
    }
    return at
  }
}

function meetsSimple(keyword: string, wanted: unknown, value: unknown): boolean {
  if (keyword === 'type')
    return Array.isArray(wanted) ? wanted.some((t: string) => isOfType(value, t)) : isOfType(value, wanted as string)
  if (keyword === 'enum') return (wanted as unknown[]).includes(value)
  if (keyword === 'const') return wanted === value
  if (keyword === 'required') return !isObject(value) || (wanted as string[]).every((name) => Object.hasOwn(value, name))
  if (typeof value === 'number') return meetsBounds(keyword, wanted as number, value)
  if (typeof value === 'string') return meetsSize(keyword, 'Length', wanted as number, [...value].length)
  if (Array.isArray(value)) return meetsSize(keyword, 'Items', wanted as number, value.length)
  return !isObject(value) || meetsSize(keyword, 'Properties', wanted as number, Object.keys(value).length)
}

function meetsBounds(keyword: string, wanted: number, value: number): boolean {
  switch (keyword) {
    case 'minimum':
      return value >= wanted
    case 'maximum':
      return value <= wanted
    case 'exclusiveMinimum':
      return value > wanted
    case 'exclusiveMaximum':
      return value < wanted
    default:
      return true
  }
}

function meetsSize(keyword: string, what: string, wanted: number, size: number): boolean {
  if (keyword === `min${what}`) return size >= wanted
  return keyword !== `max${what}` || size <= wanted
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'object':
      return isObject(value)
    case 'array':
      return Array.isArray(value)
    case 'integer':
      return Number.isInteger(value)
    case 'null':
      return value === null
    default:
      return typeof value === type
  }
}
