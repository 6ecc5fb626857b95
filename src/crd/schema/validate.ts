import {
  type FieldError,
  invalid,
  notSupportedOf,
  required,
  tooLong,
  tooMany,
  typeInvalid,
} from '../../apimachinery/field-error.ts'
import { codePoints } from '../cel/cost-estimate.ts'
import { doubleText } from '../cel/library/number-text.ts'
import { Correlation } from './correlation.ts'
import { identityOf, isJsonArray, isJsonObject, type Json, type JsonObject, own } from './json-schema.ts'
import { fieldNode, type SchemaNode } from './node.ts'
import { child, orNil } from './path.ts'

/** What of `value` breaks its schema, at `base` (''; 'status' when only the status is validated). */
export function validateValue(value: Json, node: SchemaNode, base = ''): FieldError[] {
  return new Validation(base).run(value, node, undefined)
}

/** The same, but what is unchanged from `old` is not complained about. */
export function validateChange(value: Json, old: Json, node: SchemaNode, base = ''): FieldError[] {
  return new Validation(base).run(value, node, new Correlation(value, old, node))
}

/** What one part of a schema said. `matches` counts what held: of several failures the one with most is told. */
interface Outcome {
  readonly errors: FieldError[]
  matches: number
}

class Validation {
  private readonly base: string

  constructor(base: string) {
    this.base = base
  }

  run(value: Json, node: SchemaNode, correlation: Correlation | undefined): FieldError[] {
    return this.node(value, node, '', correlation).errors
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

  private parts(value: Json, node: SchemaNode, path: string, correlation: Correlation | undefined): Outcome {
    const outcome: Outcome = { errors: [], matches: 0 }
    this.type(value, node, path, outcome)
    if (value === null) {
      this.enum(value, node, path, outcome)
      return outcome
    }
    if (node.types.length > 0 || node.format !== '') outcome.matches++
    this.junctors(value, node, path, correlation, outcome)
    if (typeof value === 'string') this.string(value, node, path, outcome)
    else if (typeof value === 'number') this.number(value, node, path, outcome)
    else if (isJsonArray(value)) this.array(value, node, path, correlation, outcome)
    this.enum(value, node, path, outcome)
    if (isJsonObject(value)) this.object(value, node, path, correlation, outcome)
    outcome.matches += 3
    return outcome
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
    const fits = types.includes(actual) || (actual === 'integer' && types.includes('number'))
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
    if (node.allowed === undefined || node.allowed.identities.has(identityOf(value))) return
    outcome.errors.push(notSupportedOf(this.field(path), value, node.allowed.text))
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
    if (node.pattern === undefined) return
    const source = node.schema.pattern as string
    if (typeof node.pattern === 'string') {
      this.invalid(path, value, `should match '${source}, but pattern is invalid: ${node.pattern}'`, outcome)
    } else if (!node.pattern.matcher(value).find()) this.invalid(path, value, `should match '${source}'`, outcome)
  }

  private number(value: number, node: SchemaNode, path: string, outcome: Outcome): void {
    const { multipleOf, maximum, minimum, exclusiveMaximum, exclusiveMinimum } = node.schema
    const range = rangeComplaint(value, node)
    if (range !== undefined) this.general(`Checked value must be of type ${range} in ${path}`, outcome)
    const limit = (bound: number): number => (Number.isInteger(value) ? Math.trunc(bound) : bound)
    if (multipleOf !== undefined && limit(multipleOf) <= 0) {
      const factor = limit(multipleOf)
      outcome.errors.push(
        invalid(this.field(path), factor, `factor MultipleOf declared for ${path} must be positive: ${doubleText(factor)}`),
      )
    } else if (multipleOf !== undefined && !isMultiple(value, limit(multipleOf))) {
      this.invalid(path, value, `should be a multiple of ${doubleText(limit(multipleOf))}`, outcome)
    }
    if (minimum !== undefined && (exclusiveMinimum ? value <= limit(minimum) : value < limit(minimum))) {
      const than = exclusiveMinimum ? 'greater than' : 'greater than or equal to'
      this.invalid(path, value, `should be ${than} ${doubleText(limit(minimum))}`, outcome)
    }
    if (maximum !== undefined && (exclusiveMaximum ? value >= limit(maximum) : value > limit(maximum))) {
      const than = exclusiveMaximum ? 'less than' : 'less than or equal to'
      this.invalid(path, value, `should be ${than} ${doubleText(limit(maximum))}`, outcome)
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
    const { minProperties, maxProperties } = node.schema
    const keys = Object.keys(object)
    if (minProperties !== undefined && keys.length < minProperties) {
      this.invalid(path, keys.length, `should have at least ${minProperties} properties`, outcome)
    }
    if (maxProperties !== undefined && keys.length > maxProperties) {
      outcome.errors.push(tooMany(this.field(path), keys.length, maxProperties))
    }
    for (const key of keys) {
      const property = node.properties.get(key)
      if (property === undefined && node.additional === false) {
        outcome.errors.push(invalid(this.field(path), key, `${path}.${key} in body is a forbidden property`))
        continue
      }
      const schema = fieldNode(node, key)
      if (schema === undefined) continue
      const at = property === undefined || path !== '' ? `${path}.${key}` : key
      const isTypeMeta = path === '' && (key === 'apiVersion' || key === 'kind')
      merge(outcome, this.node(object[key] as Json, schema, at, isTypeMeta ? undefined : correlation?.field(key)))
    }
    for (const name of node.required) {
      if (own(object, name) === undefined) outcome.errors.push(required(this.field(`${path}.${name}`)))
    }
    outcome.matches++
  }

  private junctors(value: Json, node: SchemaNode, path: string, correlation: Correlation | undefined, outcome: Outcome): void {
    const validate = (schema: SchemaNode): Outcome => this.parts(value, schema, path, correlation)
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

const FORMAT_OF: Readonly<Record<string, string>> = { integer: 'int64', number: 'float64' }

function merge(into: Outcome, from: Outcome): void {
  for (const error of from.errors) into.errors.push(error)
  into.matches += from.matches
}

/** The JSON type of a value, as messages name it. Whole numbers outside of 64 bits are no integers; 2^63 was 2^63 - 1 in JSON. */
function typeName(value: Json): string {
  if (value === null) return 'null'
  if (isJsonArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) <= 2 ** 63 ? 'integer' : 'number'
  return typeof value
}

function isMultiple(value: number, factor: number): boolean {
  if (Number.isInteger(value)) return value % factor === 0
  const times = factor < 1 ? (1 / factor) * value : value / factor
  return Math.abs(times - Math.round(times)) <= 1e-9 * Math.max(1, Math.abs(times))
}

/** 'integer with format int32' when the value is outside of what its type can hold. */
function rangeComplaint(value: number, node: SchemaNode): string | undefined {
  const [type, second] = node.types
  if (second !== undefined) return undefined
  if (type === 'integer') {
    const limit = node.format === 'int32' ? 2 ** 31 : 2 ** 63
    if (Number.isInteger(value) && value >= -limit && value < limit) return undefined
    if (value === 2 ** 63 && node.format !== 'int32') return undefined
    return node.format === '' ? 'integer (default format)' : `integer with format ${node.format}`
  }
  return type === 'number' && node.format === 'float' && Math.abs(value) > 3.4028234663852886e38
    ? 'number with format float'
    : undefined
}
