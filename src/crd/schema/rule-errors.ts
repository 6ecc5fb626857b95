import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../apimachinery/field-error.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import { UNBOUNDED } from '../cel/cost-range.ts'
import { isConvertible } from './convertible.ts'
import { dumpRule } from './go-dump.ts'
import { goStructJson, type JsonSchema, mostOf, type ValidationRule } from './json-schema.ts'
import { nodeOf } from './node.ts'
import { atIndex, child } from './path.ts'
import { type CompiledRule, compileRules } from './rules/compile.ts'
import { declarationOf, SELF_TYPE } from './rules/declaration.ts'
import { resolveFieldPath } from './rules/field-path.ts'

/** For one rule, all its runs in one request counted. */
const RULE_COST_LIMIT = 10_000_000
/** For all rules of a schema. */
export const TOTAL_COST_LIMIT = 100_000_000
const MOST_SHOWN = 4

/** Where a schema is, as far as the cost of its rules goes. */
export interface Place {
  readonly isResourceRoot: boolean
  /** How often values of the schema occur in one object, at most; undefined: nothing bounds it. */
  readonly occurrences: number | undefined
}

/** The place of a root, or of `schema` inside of `parent`. */
export function placeOf(schema: JsonSchema, outer?: Place, parent?: JsonSchema): Place {
  if (outer === undefined || parent === undefined) return { isResourceRoot: true, occurrences: 1 }
  const factor = mostChildren(parent)
  const occurrences = outer.occurrences === undefined || factor === undefined ? undefined : product(outer.occurrences, factor)
  return { isResourceRoot: schema['x-kubernetes-embedded-resource'] === true, occurrences }
}

function mostChildren(schema: JsonSchema): number | undefined {
  if (schema.type === 'array') return schema.maxItems === undefined ? undefined : mostOf(schema.maxItems)
  if (schema.type !== 'object' || schema.additionalProperties === undefined) return 1
  return schema.maxProperties === undefined ? undefined : mostOf(schema.maxProperties)
}

const product = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : Math.min(a * b, UNBOUNDED))

/** Adds up what the rules of a schema cost. */
export class RuleCosts {
  total = 0
  readonly mostExpensive: { readonly path: string; readonly cost: number }[] = []

  observe(path: string, cost: number): void {
    this.total = Math.min(this.total + cost, UNBOUNDED)
    if (cost < TOTAL_COST_LIMIT / 100) return
    this.mostExpensive.push({ path, cost })
    this.mostExpensive.sort((a, b) => b.cost - a.cost)
    this.mostExpensive.length = Math.min(this.mostExpensive.length, MOST_SHOWN)
  }
}

export function costError(name: string, cost: number, limit: number): string {
  const factor = cost / limit
  const text = factor > 100 ? 'more than 100x' : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`
  const advice =
    'try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared'
  return `${name} exceeds budget by factor of ${text} (${advice})`
}

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']
const hasLineBreak = (text: string): boolean => /[\n\r]/.test(text)

/** What is wrong with rules before they are compiled. */
export function ruleFormErrors(schema: JsonSchema, path: string): FieldError[] {
  return (schema['x-kubernetes-validations'] ?? []).flatMap((rule, i) => {
    const at = atIndex(child(path, 'x-kubernetes-validations'), i)
    return [...textErrors(rule, at), ...reasonErrors(rule, at), ...fieldPathErrors(rule, schema, at)]
  })
}

function textErrors(rule: ValidationRule, at: string): FieldError[] {
  const errors: FieldError[] = []
  const source = (rule.rule ?? '').trim()
  const message = rule.message ?? ''
  if (source === '') errors.push(required(child(at, 'rule'), 'rule is not specified'))
  else if (message !== '' && message.trim() === '')
    errors.push(invalid(child(at, 'message'), message, 'must be non-empty if specified'))
  else if (hasLineBreak(message.trim())) errors.push(invalid(child(at, 'message'), message, 'must not contain line breaks'))
  else if (hasLineBreak(source) && message.trim() === '') {
    errors.push(required(child(at, 'message'), 'message must be specified if rule contains line breaks'))
  }
  if (rule.messageExpression && rule.messageExpression.trim() === '') {
    errors.push(required(child(at, 'messageExpression'), 'messageExpression must be non-empty if specified'))
  }
  return errors
}

function reasonErrors(rule: ValidationRule, at: string): FieldError[] {
  if (rule.reason === undefined || rule.reason === null || REASONS.includes(rule.reason)) return []
  return [notSupported(child(at, 'reason'), rule.reason, REASONS)]
}

function fieldPathErrors(rule: ValidationRule, schema: JsonSchema, at: string): FieldError[] {
  const path = rule.fieldPath ?? ''
  if (path === '') return []
  const wrong = (detail: string): FieldError => invalid(child(at, 'fieldPath'), path, detail)
  return [
    ...(path.trim() === '' ? [wrong('must be non-empty if specified')] : []),
    ...(hasLineBreak(path) ? [wrong('must not contain line breaks')] : []),
    ...(isValidPath(path, schema) ? [] : [wrong('must be a valid path')]),
  ]
}

/** Paths in what is no structural schema are not looked at. */
function isValidPath(path: string, schema: JsonSchema): boolean {
  if (!isConvertible(schema)) return true
  try {
    resolveFieldPath(path, schema)
    return true
  } catch {
    return false
  }
}

/** What is wrong with the rules of `schema` as expressions: syntax, types, cost, use of oldSelf. */
export function* ruleErrors(
  schema: JsonSchema,
  path: string,
  place: Place,
  costs: RuleCosts,
  uncorrelatable: string | undefined,
  ignoreCosts: boolean,
): Steps<FieldError[]> {
  const at = child(path, 'x-kubernetes-validations')
  const node = nodeOf(schema)
  const declaration = declarationOf(node, place.isResourceRoot, SELF_TYPE)
  if (declaration === undefined) {
    const why = 'unable to convert structural schema to CEL declarations'
    const message = `Internal error: internal error: failed to construct type information for x-kubernetes-validations rules: ${why}`
    return [{ type: 'InternalError', field: at, message }]
  }
  const rules = yield* compileRules(node, node.rules, declaration)
  return rules.flatMap((compiled, i) => {
    const errors = new RuleReport(compiled, atIndex(at, i), costs, ignoreCosts)
    errors.expression(product(compiled.maxCost, place.occurrences ?? compiled.maxRuns))
    errors.message()
    errors.oldSelf(uncorrelatable)
    return errors.found
  })
}

class RuleReport {
  readonly found: FieldError[] = []
  private readonly compiled: CompiledRule
  private readonly at: string
  private readonly costs: RuleCosts
  private readonly ignoreCosts: boolean

  constructor(compiled: CompiledRule, at: string, costs: RuleCosts, ignoreCosts: boolean) {
    this.compiled = compiled
    this.at = at
    this.costs = costs
    this.ignoreCosts = ignoreCosts
  }

  private broken(field: string, detail: string): void {
    const value = goStructJson(dumpRule(this.compiled.rule))
    this.found.push({ type: 'FieldValueInvalid', field: child(this.at, field), message: `Invalid value: ${value}: ${detail}` })
  }

  private cost(field: string, name: string, cost: number): void {
    const path = child(this.at, field)
    if (!this.ignoreCosts && cost > RULE_COST_LIMIT) this.found.push(forbiddenField(path, costError(name, cost, RULE_COST_LIMIT)))
    this.costs.observe(path, cost)
  }

  expression(cost: number): void {
    this.cost('rule', 'estimated rule cost', cost)
    if (this.compiled.error !== undefined) this.broken('rule', this.compiled.error)
  }

  message(): void {
    const { message, messageError, messageMaxCost } = this.compiled
    if (messageError !== undefined) this.broken('messageExpression', messageError)
    else if (message !== undefined) this.cost('messageExpression', 'estimated messageExpression cost', messageMaxCost)
  }

  oldSelf(uncorrelatable: string | undefined): void {
    const { rule, usesOldSelf } = this.compiled
    if (usesOldSelf && uncorrelatable !== undefined) {
      const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`
      this.found.push(invalid(child(this.at, 'rule'), rule.rule, detail))
    }
    if (!usesOldSelf && rule.optionalOldSelf !== undefined && rule.optionalOldSelf !== null) {
      this.found.push(
        invalid(child(this.at, 'optionalOldSelf'), rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule'),
      )
    }
  }
}
