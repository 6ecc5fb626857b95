import { duplicate, type FieldError, forbiddenField, invalid, required } from '../../../apimachinery/field-error.ts'
import type { Steps } from '../../../apimachinery/steps.ts'
import { evaluateCounting, type Program } from '../../cel/program.ts'
import { CelError, CelOptional, CostLimitExceeded, type Value } from '../../cel/values.ts'
import type { Correlation } from '../correlation.ts'
import { findByKeys } from '../correlation.ts'
import { isJsonArray, isJsonObject, type Json, type JsonObject, own, type ValidationRule } from '../json-schema.ts'
import type { SchemaNode } from '../node.ts'
import { atIndex, atKey, child, orNil } from '../path.ts'
import { adapt } from './adapt.ts'
import { type CompiledRule, compileRules } from './compile.ts'
import { type Declaration, declarationOf, SELF_TYPE, withObjectMeta } from './declaration.ts'
import { escapeName } from './escape.ts'

const PER_CALL_LIMIT = 1_000_000
/** For all rules of one object. */
const OBJECT_BUDGET = 10_000_000
const LONGEST_MESSAGE = 5 * 1024

/** The rules of a schema and of what is below it. */
export interface RuleNode {
  readonly node: SchemaNode
  readonly isResourceRoot: boolean
  readonly rules: readonly CompiledRule[]
  readonly items: RuleNode | undefined
  readonly properties: ReadonlyMap<string, RuleNode>
  readonly additional: RuleNode | undefined
}

/** undefined when there are no rules in `node` at all. */
export function* ruleTree(node: SchemaNode, isResourceRoot: boolean): Steps<RuleNode | undefined> {
  return hasRules(node) ? yield* branch(node, isResourceRoot, declarationOf(node, isResourceRoot, SELF_TYPE)) : undefined
}

function hasRules(node: SchemaNode): boolean {
  if (node.rules.length > 0 || (node.items !== undefined && hasRules(node.items))) return true
  if (typeof node.additional === 'object' && hasRules(node.additional)) return true
  return Array.from(node.properties.values()).some(hasRules)
}

function* branch(node: SchemaNode, isResourceRoot: boolean, declaration: Declaration | undefined): Steps<RuleNode | undefined> {
  if (declaration === undefined) return undefined
  const rules = yield* compileRules(node, node.rules, declaration)
  const items = node.items && (yield* branch(node.items, node.items.embedded, declaration.element))
  const additional =
    typeof node.additional === 'object'
      ? yield* branch(node.additional, node.additional.embedded, declaration.element)
      : undefined
  const properties = new Map<string, RuleNode>()
  for (const [name, property] of node.properties) {
    const identifier = escapeName(name)
    const declared =
      identifier === undefined ? declarationOf(property, property.embedded, name) : declaration.fields?.get(identifier)
    const below = yield* branch(property, property.embedded, declared)
    if (below !== undefined) properties.set(name, below)
  }
  if (rules.length === 0 && items === undefined && additional === undefined && properties.size === 0) return undefined
  return { node, isResourceRoot, rules, items, properties, additional }
}

/** Rules that were run, and those that an unchanged value broke before: they only warn. */
interface RuleOutcome {
  readonly errors: FieldError[]
  readonly warnings: FieldError[]
}

/** Runs the rules over `value`, in steps. `old`: the value it replaces; without it transition rules do not run. */
export function* runRules(
  tree: RuleNode,
  value: Json,
  old: Json | undefined,
  correlation: Correlation | undefined,
  base = '',
): Steps<RuleOutcome> {
  const run = new Run()
  try {
    yield* run.node(tree, value, old ?? undefined, base, { current: correlation, parent: undefined })
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error
  }
  return { errors: run.errors, warnings: run.warnings }
}

/** No more rules may run for this object. */
class OutOfBudget extends Error {}

interface Ratchet {
  readonly current: Correlation | undefined
  /** The nearest value around that has an old one. */
  readonly parent: Correlation | undefined
}

const isUnchanged = ({ current, parent }: Ratchet): boolean => (current ?? parent)?.isUnchanged() ?? false

function below(ratchet: Ratchet, next: (correlation: Correlation) => Correlation | undefined): Ratchet {
  const { current } = ratchet
  return current === undefined ? ratchet : { current: next(current), parent: current }
}

function belowField(ratchet: Ratchet, name: string): Ratchet {
  const isRoot = ratchet.parent === undefined && ratchet.current !== undefined
  if (isRoot && (name === 'apiVersion' || name === 'kind')) return { current: undefined, parent: undefined }
  return below(ratchet, (correlation) => correlation.field(name))
}

class Run {
  readonly errors: FieldError[] = []
  readonly warnings: FieldError[] = []
  private budget = OBJECT_BUDGET;

  *node(tree: RuleNode, value: Json, old: Json | undefined, path: string, ratchet: Ratchet): Steps<void> {
    if (value === null) return
    const before = old === null ? undefined : old
    if (tree.rules.length > 0) yield* this.rules(tree, value, before, path, ratchet)
    if (isJsonArray(value)) yield* this.array(tree, value, before, path, ratchet)
    else if (isJsonObject(value)) yield* this.object(tree, value, before, path, ratchet)
  }

  private *array(tree: RuleNode, list: readonly Json[], old: Json | undefined, path: string, ratchet: Ratchet): Steps<void> {
    const { items } = tree
    if (items === undefined) return
    for (const [i, item] of list.entries()) {
      const before = findByKeys(tree.node, old, item)
      const inside = below(ratchet, (correlation) => correlation.item(i))
      yield* this.node(items, item, before, atIndex(path, i), inside)
    }
  }

  private *object(tree: RuleNode, object: JsonObject, old: Json | undefined, path: string, ratchet: Ratchet): Steps<void> {
    const before = isJsonObject(old) ? old : {}
    for (const key of Object.keys(object)) {
      const property = tree.properties.get(key)
      const value = object[key] as Json
      if (tree.additional !== undefined)
        yield* this.node(tree.additional, value, own(before, key), atKey(path, key), belowField(ratchet, key))
      if (property !== undefined) yield* this.node(property, value, own(before, key), child(path, key), belowField(ratchet, key))
    }
  }

  private *rules(tree: RuleNode, value: Json, old: Json | undefined, path: string, ratchet: Ratchet): Steps<void> {
    const type = tree.node.schema.type ?? ''
    if (this.budget <= 0)
      this.stop(path, type, 'validation failed due to running out of cost budget, no further validation rules will be run')
    const node = tree.isResourceRoot ? withObjectMeta(tree.node) : tree.node
    const self = adapted(value, node)
    const oldSelf = old === undefined ? undefined : adapted(old, node)
    for (const rule of tree.rules) {
      if (rule.error !== undefined) this.errors.push(invalid(orNil(path), type, `rule compile error: ${rule.error}`))
      if (rule.program === undefined || (rule.usesOldSelf && oldSelf === undefined && !rule.rule.optionalOldSelf)) continue
      this.rule(rule, rule.program, self, oldSelf, { path, type, value, ratchet })
      yield
    }
  }

  private rule(
    rule: CompiledRule,
    program: Program,
    self: Value | CelError,
    oldSelf: Value | CelError | undefined,
    at: Place,
  ): void {
    const bindings = bindingsOf(self, oldSelf, rule.rule.optionalOldSelf === true)
    const { value, error, cost } = evaluateCounting(program, bindings, PER_CALL_LIMIT)
    const text = ruleText(rule.rule)
    if (cost > this.budget)
      this.stop(at.path, at.type, 'validation failed due to running out of cost budget, no further validation rules will be run')
    this.budget -= cost
    if (error instanceof CostLimitExceeded) {
      this.stop(
        at.path,
        at.type,
        `'${error.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${text}`,
      )
    }
    if (error !== undefined) {
      const detail = error.message.startsWith('no such overload')
        ? `'${error.message}': call arguments did not match a supported operator, function or macro signature for rule: ${text}`
        : `${error.message} evaluating rule: ${text}`
      this.errors.push(invalid(orNil(at.path), at.type, detail))
    } else if (value !== true) this.failed(rule, bindings, at)
  }

  private failed(rule: CompiledRule, bindings: Readonly<Record<string, Value>>, at: Place): void {
    const path = orNil(rule.fieldPath === '' ? at.path : child(at.path, rule.fieldPath))
    const report = (error: FieldError): void => {
      if (!rule.usesOldSelf && isUnchanged(at.ratchet)) this.warnings.push(error)
      else this.errors.push(error)
    }
    const message =
      rule.message === undefined
        ? undefined
        : this.message(rule, rule.message, bindings, (detail) => {
            report(invalid(path, at.type, detail))
            throw new OutOfBudget()
          })
    report(fieldError(rule.rule, path, at, message ?? defaultMessage(rule.rule)))
  }

  /** What the messageExpression says; undefined when it fails or says nothing of use. */
  private message(
    rule: CompiledRule,
    program: Program,
    bindings: Readonly<Record<string, Value>>,
    stop: (detail: string) => never,
  ): string | undefined {
    const { value, error, cost } = evaluateCounting(program, bindings, PER_CALL_LIMIT)
    if (cost > this.budget)
      stop('messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run')
    if (error instanceof CostLimitExceeded) {
      const source = JSON.stringify(rule.rule.messageExpression)
      stop(`no further validation rules will be run due to call cost exceeds limit for messageExpression: ${source}`)
    }
    this.budget -= cost
    if (typeof value !== 'string') return undefined
    const text = value.trim()
    return text === '' || text.includes('\n') || Buffer.byteLength(text) > LONGEST_MESSAGE ? undefined : text
  }

  private stop(path: string, type: string, detail: string): never {
    this.errors.push(invalid(orNil(path), type, detail))
    throw new OutOfBudget()
  }
}

interface Place {
  readonly path: string
  readonly type: string
  readonly value: Json
  readonly ratchet: Ratchet
}

function adapted(value: Json, node: SchemaNode): Value | CelError {
  try {
    return adapt(value, node)
  } catch (error) {
    if (error instanceof CelError) return error
    throw error
  }
}

/** A value that cannot be converted is an error: rules that use it fail with that. */
function bindingsOf(self: Value | CelError, oldSelf: Value | CelError | undefined, optional: boolean): Record<string, Value> {
  const bindings: Record<string, Value> = {}
  bind(bindings, 'self', self)
  if (optional)
    bindings.oldSelf = oldSelf === undefined || oldSelf instanceof CelError ? CelOptional.none : new CelOptional(oldSelf)
  else if (oldSelf !== undefined) bind(bindings, 'oldSelf', oldSelf)
  return bindings
}

function bind(bindings: Record<string, Value>, name: string, value: Value | CelError): void {
  if (!(value instanceof CelError)) bindings[name] = value
  else {
    Object.defineProperty(bindings, name, {
      get: () => {
        throw value
      },
    })
  }
}

const ruleText = (rule: ValidationRule): string => (rule.message || rule.rule || '').trim()
const defaultMessage = (rule: ValidationRule): string => (rule.message ? rule.message.trim() : `failed rule: ${ruleText(rule)}`)

function fieldError(rule: ValidationRule, path: string, at: Place, detail: string): FieldError {
  const hidden = at.type === 'object' || at.type === 'array'
  switch (rule.reason) {
    case 'FieldValueForbidden':
      return forbiddenField(path, detail)
    case 'FieldValueRequired':
      return required(path, detail)
    case 'FieldValueDuplicate':
      return hidden ? { type: 'FieldValueDuplicate', field: path, message: 'Duplicate value' } : duplicate(path, at.value)
    default:
      return hidden
        ? { type: 'FieldValueInvalid', field: path, message: `Invalid value: ${detail}` }
        : invalid(path, at.value, detail)
  }
}
