import {
  type FieldError,
  invalid,
  notSupportedOf,
  required,
  tooLong,
  tooMany,
  typeInvalid,
} from '../../apimachinery/field-error.ts'
import { int64Of, isInt64, WholeFloat } from '../../apimachinery/json.ts'
import { isSmall } from '../../apimachinery/json-size.ts'
import { numberText } from '../../apimachinery/number-text.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import { codePoints } from '../cel/cost-estimate.ts'
import { isMatch } from '../cel/library/patterns.ts'
import { Correlation } from './correlation.ts'
import { identityOf, isJsonArray, isJsonObject, type Json, type JsonObject, own, withSortedKeys } from './json-schema.ts'
import { fieldNode, type SchemaNode } from './node.ts'
import { isWhole, type JsonNumber, numberProblems } from './number-rules.ts'
import { child, orNil } from './path.ts'

/** What of `value` breaks its schema, at `base` (''; 'status' when only the status is validated). */
export function validateValue(value: Json, node: SchemaNode, base = ''): FieldError[] {
  return new Validation(base).run(value, node, undefined)
}

/** The same, but what is unchanged from `old` is not complained about. */
export function validateChange(value: Json, old: Json, node: SchemaNode, base = ''): FieldError[] {
  return new Validation(base).run(value, node, new Correlation(value, old, node))
}

/** As `validateValue` or, with `old`, `validateChange`, in steps. */
export function* validateSteps(value: Json, old: Json | undefined, node: SchemaNode, base = ''): Steps<FieldError[]> {
  const correlation = old === undefined ? undefined : new Correlation(value, old, node)
  return yield* new Validation(base).runSteps(value, node, correlation)
}

/** So many values, each small, are validated in one step. */
const stepSize = 100

/** What one part of a schema said. `matches` counts what held: of several failures the one with most is told. */
interface Outcome {
  readonly errors: FieldError[]
  matches: number
}

interface Member {
  readonly schema: SchemaNode
  readonly at: string
  readonly isTypeMeta: boolean
}

class Validation {
  private readonly base: string

  constructor(base: string) {
    this.base = base
  }

  run(value: Json, node: SchemaNode, correlation: Correlation | undefined): FieldError[] {
    return this.node(value, node, '', correlation).errors
  }

  *runSteps(value: Json, node: SchemaNode, correlation: Correlation | undefined): Steps<FieldError[]> {
    return (yield* this.nodeSteps(value, node, '', correlation)).errors
  }

  private field(path: string): string {
    const name = path.replace(/^\./, '')
    return name === '' ? orNil(this.base) : child(this.base, name)
  }

  /** `path` is the full path within the validated value, with a leading dot below additionalProperties of the root. */
  private node(value: Json, node: SchemaNode, path: string, correlation: Correlation | undefined): Outcome {
    const outcome = this.parts(value, node, path, correlation)
    if (outcome.errors.length > 0 && correlation?.isUnchanged()) outcome.errors.length = 0
    return outcome
  }

  /** As `node`, in steps down to what is small. */
  private *nodeSteps(value: Json, node: SchemaNode, path: string, correlation: Correlation | undefined): Steps<Outcome> {
    if (isSmall(value) || value === null || typeof value !== 'object') return this.node(value, node, path, correlation)
    const outcome: Outcome = { errors: [], matches: 0 }
    this.asWhole(value, node, path, outcome)
    yield
    if (isJsonArray(value)) yield* this.itemsSteps(value, node, path, correlation, outcome)
    this.enum(value, node, path, outcome)
    yield
    if (isJsonObject(value)) yield* this.membersSteps(value, node, path, correlation, outcome)
    outcome.matches += 3
    if (outcome.errors.length > 0 && correlation?.isUnchanged()) outcome.errors.length = 0
    return outcome
  }

  private *itemsSteps(
    list: readonly Json[],
    node: SchemaNode,
    path: string,
    correlation: Correlation | undefined,
    outcome: Outcome,
  ): Steps<void> {
    const { items } = node
    if (items !== undefined) {
      for (const [i, item] of list.entries()) {
        if (i % stepSize === stepSize - 1) yield
        merge(outcome, yield* this.nodeSteps(item, items, `${path}[${i}]`, correlation?.item(i)))
      }
    }
    this.length(list, node, path, outcome)
  }

  private *membersSteps(
    object: JsonObject,
    node: SchemaNode,
    path: string,
    correlation: Correlation | undefined,
    outcome: Outcome,
  ): Steps<void> {
    const keys = Object.keys(object)
    this.size(keys, node, path, outcome)
    for (const [i, key] of keys.entries()) {
      if (i % stepSize === stepSize - 1) yield
      const member = this.memberOf(key, node, path, outcome)
      if (member === undefined) continue
      const before = member.isTypeMeta ? undefined : correlation?.field(key)
      merge(outcome, yield* this.nodeSteps(object[key] as Json, member.schema, member.at, before))
    }
    this.required(object, node, path, outcome)
  }

  private parts(value: Json, node: SchemaNode, path: string, correlation: Correlation | undefined): Outcome {
    const outcome: Outcome = { errors: [], matches: 0 }
    this.type(value, node, path, outcome)
    if (value === null) {
      this.enum(value, node, path, outcome)
      return outcome
    }
    this.promised(value, node, path, outcome)
    if (typeof value === 'string') this.string(value, node, path, outcome)
    else if (isJsonNumber(value)) this.number(value, node, path, outcome)
    else if (isJsonArray(value)) this.array(value, node, path, correlation, outcome)
    this.enum(value, node, path, outcome)
    if (isJsonObject(value)) this.object(value, node, path, correlation, outcome)
    outcome.matches += 3
    return outcome
  }

  /** What a schema says of a list or object before it says something of what is inside. */
  private asWhole(value: Json, node: SchemaNode, path: string, outcome: Outcome): void {
    this.type(value, node, path, outcome)
    this.promised(value, node, path, outcome)
  }

  private promised(value: Json, node: SchemaNode, path: string, outcome: Outcome): void {
    if (node.types.length > 0 || node.format !== '') outcome.matches++
    this.junctors(value, node, path, outcome)
  }

  private type(value: Json, node: SchemaNode, path: string, outcome: Outcome): void {
    const { types, format } = node
    if (types.length === 0 && (format === '' || value === null)) return
    const actual = typeName(value)
    if (value === null) {
      if (types.length > 0 && !node.nullable) this.typeError(path, types.join(','), 'null', outcome)
      else outcome.matches++
      return
    }
    const fits =
      types.includes(actual) ||
      (actual === 'integer' && types.includes('number')) ||
      (actual === 'number' && types.includes('integer') && isWhole(Number(value)))
    const isText = typeof value === 'string' || isJsonArray(value)
    if (!isText && format !== '' && !fits && format !== FORMAT_OF[actual]) {
      this.typeError(path, format, FORMAT_OF[actual] ?? '', outcome)
      return
    }
    const textual = isText && format !== '' && !types.includes('number') && !types.includes('integer')
    if (textual || fits) outcome.matches++
    else this.typeError(path, types.join(','), actual, outcome)
  }

  private typeError(path: string, wanted: string, actual: string, outcome: Outcome): void {
    outcome.errors.push(
      typeInvalid(this.field(path), actual, `${path} in body must be of type ${wanted}: ${JSON.stringify(actual)}`),
    )
  }

  private invalid(path: string, value: unknown, detail: string, outcome: Outcome): void {
    outcome.errors.push(invalid(this.field(path), value, `${path} in body ${detail}`))
  }

  /** What is wrong with the value as a whole is told of the root: so does Kubernetes. */
  private general(detail: string, outcome: Outcome): void {
    outcome.errors.push(invalid(orNil(this.base), '', detail))
  }

  private enum(value: Json, node: SchemaNode, path: string, outcome: Outcome): void {
    outcome.matches++
    const { allowed } = node
    // Kubernetes compares null with none of them, not even with null.
    const isAllowed = value !== null && (allowed?.identities.has(identityOf(value)) || isConverted(value, node.schema.enum))
    if (allowed === undefined || isAllowed) return
    outcome.errors.push(notSupportedOf(this.field(path), withSortedKeys(value), allowed.text))
  }

  private string(value: string, node: SchemaNode, path: string, outcome: Outcome): void {
    const { maxLength, minLength } = node.schema
    const length = maxLength === undefined && minLength === undefined ? 0 : codePoints(value)
    if (maxLength !== undefined && length > maxLength) outcome.errors.push(tooLong(this.field(path), maxLength))
    else if (minLength !== undefined && length < minLength) {
      this.invalid(path, value, `should be at least ${minLength} chars long`, outcome)
    } else this.pattern(value, node, path, outcome)
    outcome.matches++
    if (node.checkFormat === undefined) return
    outcome.matches++
    if (!node.checkFormat(value)) {
      outcome.errors.push(
        typeInvalid(this.field(path), value, `${path} in body must be of type ${node.format}: ${JSON.stringify(value)}`),
      )
    }
  }

  private pattern(value: string, node: SchemaNode, path: string, outcome: Outcome): void {
    const pattern = node.pattern?.()
    if (pattern === undefined) return
    const source = node.schema.pattern as string
    if (typeof pattern === 'string') {
      this.invalid(path, value, `should match '${source}, but pattern is invalid: ${pattern}'`, outcome)
    } else if (!isMatch(pattern, value)) this.invalid(path, value, `should match '${source}'`, outcome)
  }

  private number(value: JsonNumber, node: SchemaNode, path: string, outcome: Outcome): void {
    for (const problem of numberProblems(value, node, path)) {
      if (problem.of === 'whole') this.general(problem.detail, outcome)
      else if (problem.of === 'value') this.invalid(path, problem.value, problem.detail, outcome)
      else {
        const { factor } = problem
        const detail = `factor MultipleOf declared for ${path} must be positive: ${numberText(factor)}`
        outcome.errors.push(invalid(this.field(path), factor, detail))
      }
    }
    outcome.matches += 2
  }

  private array(
    list: readonly Json[],
    node: SchemaNode,
    path: string,
    correlation: Correlation | undefined,
    outcome: Outcome,
  ): void {
    const { items } = node
    if (items !== undefined) {
      list.forEach((item, i) => {
        merge(outcome, this.node(item, items, `${path}[${i}]`, correlation?.item(i)))
      })
    }
    this.length(list, node, path, outcome)
  }

  private length(list: readonly Json[], node: SchemaNode, path: string, outcome: Outcome): void {
    const { minItems, maxItems, uniqueItems } = node.schema
    if (minItems !== undefined && list.length < minItems) {
      this.invalid(path, list.length, `should have at least ${minItems} items`, outcome)
    }
    if (maxItems !== undefined && list.length > maxItems) outcome.errors.push(tooMany(this.field(path), list.length, maxItems))
    if (uniqueItems && new Set(list.map(identityOf)).size < list.length) {
      this.invalid(path, '', "shouldn't contain duplicates", outcome)
    }
    outcome.matches += 2
  }

  private object(
    object: JsonObject,
    node: SchemaNode,
    path: string,
    correlation: Correlation | undefined,
    outcome: Outcome,
  ): void {
    const keys = Object.keys(object)
    this.size(keys, node, path, outcome)
    for (const key of keys) {
      const member = this.memberOf(key, node, path, outcome)
      if (member === undefined) continue
      const before = member.isTypeMeta ? undefined : correlation?.field(key)
      merge(outcome, this.node(object[key] as Json, member.schema, member.at, before))
    }
    this.required(object, node, path, outcome)
  }

  private size(keys: readonly string[], node: SchemaNode, path: string, outcome: Outcome): void {
    const { minProperties, maxProperties } = node.schema
    if (minProperties !== undefined && keys.length < minProperties) {
      this.invalid(path, keys.length, `should have at least ${minProperties} properties`, outcome)
    }
    if (maxProperties !== undefined && keys.length > maxProperties) {
      outcome.errors.push(tooMany(this.field(path), keys.length, maxProperties))
    }
  }

  /** What a member has to be; undefined: nothing is said of it, or it may not be there, which is told. */
  private memberOf(key: string, node: SchemaNode, path: string, outcome: Outcome): Member | undefined {
    const property = node.properties.get(key)
    if (property === undefined && node.additional === false) {
      outcome.errors.push(invalid(this.field(path), key, `${path}.${key} in body is a forbidden property`))
      return undefined
    }
    const schema = fieldNode(node, key)
    if (schema === undefined) return undefined
    const at = property === undefined || path !== '' ? `${path}.${key}` : key
    return { schema, at, isTypeMeta: path === '' && (key === 'apiVersion' || key === 'kind') }
  }

  private required(object: JsonObject, node: SchemaNode, path: string, outcome: Outcome): void {
    for (const name of node.required) {
      if (own(object, name) === undefined) outcome.errors.push(required(this.field(`${path}.${name}`)))
    }
    outcome.matches++
  }

  /** Only the value as a whole is excused when it is unchanged: kube-openapi correlates nothing below these. */
  private junctors(value: Json, node: SchemaNode, path: string, outcome: Outcome): void {
    const validate = (schema: SchemaNode): Outcome => this.parts(value, schema, path, undefined)
    if (node.anyOf.length > 0) this.anyOf(node.anyOf, validate, path, outcome)
    if (node.oneOf.length > 0) this.oneOf(node.oneOf.map(validate), path, outcome)
    if (node.allOf.length > 0) {
      const outcomes = node.allOf.map(validate)
      for (const each of outcomes) merge(outcome, each)
      const valid = outcomes.filter((each) => each.errors.length === 0).length
      if (valid !== outcomes.length) {
        this.general(
          `${JSON.stringify(path)} must validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`,
          outcome,
        )
      }
    }
    if (node.not !== undefined && validate(node.not).errors.length === 0) {
      this.general(`${JSON.stringify(path)} must not validate the schema (not)`, outcome)
    }
    outcome.matches += 2
  }

  private anyOf(schemas: readonly SchemaNode[], validate: (schema: SchemaNode) => Outcome, path: string, outcome: Outcome): void {
    let best: Outcome | undefined
    for (const schema of schemas) {
      const each = validate(schema)
      if (each.errors.length === 0) {
        merge(outcome, each)
        return
      }
      if (best === undefined || each.matches > best.matches) best = each
    }
    this.general(`${JSON.stringify(path)} must validate at least one schema (anyOf)`, outcome)
    if (best !== undefined) merge(outcome, best)
  }

  private oneOf(outcomes: readonly Outcome[], path: string, outcome: Outcome): void {
    const valid = outcomes.filter((each) => each.errors.length === 0)
    if (valid.length === 1) {
      merge(outcome, valid[0] as Outcome)
      return
    }
    const found = valid.length === 0 ? 'Found none valid' : `Found ${valid.length} valid alternatives`
    this.general(`${JSON.stringify(path)} must validate one and only one schema (oneOf). ${found}`, outcome)
    if (valid.length > 0) return
    const best = outcomes.reduce((a, b) => (b.matches > a.matches ? b : a))
    merge(outcome, best)
  }
}

/** Whether Go makes one of an enum's values of the number `value` by converting it to the type of that: an integer even to the text of that char. */
function isConverted(value: Json, allowed: readonly Json[] = []): boolean {
  if (!isJsonNumber(value)) return false
  return allowed.some((item) => {
    if (typeof item === 'string') return isInt64(value) && item === charOf(value)
    if (!isJsonNumber(item)) return false
    return isInt64(item) ? int64Of(Number(value)) === item && !isInt64(value) : Number(value) === Number(item)
  })
}

const isJsonNumber = (value: Json): value is JsonNumber =>
  typeof value === 'number' || typeof value === 'bigint' || value instanceof WholeFloat

const isSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdfff

const charOf = (code: number | bigint): string =>
  typeof code === 'number' && code >= 0 && code <= 0x10ffff && !isSurrogate(code) ? String.fromCodePoint(code) : '\ufffd'

const FORMAT_OF: Readonly<Record<string, string>> = { integer: 'int64', number: 'float64' }

function merge(into: Outcome, from: Outcome): void {
  for (const error of from.errors) into.errors.push(error)
  into.matches += from.matches
}

/** The JSON type of a value, as messages name it. */
function typeName(value: Json): string {
  if (value === null) return 'null'
  if (isJsonArray(value)) return 'array'
  if (isJsonNumber(value)) return isInt64(value) ? 'integer' : 'number'
  return typeof value
}
