import type { Steps } from '../../../apimachinery/steps.ts'
import { type Environment, extend } from '../../cel/environment.ts'
import { KUBERNETES_ENVIRONMENT } from '../../cel/libraries.ts'
import { compileExpressionSteps, type Program, programCost } from '../../cel/program.ts'
import { CompileError } from '../../cel/source.ts'
import { optionalOf } from '../../cel/types.ts'
import type { ValidationRule } from '../json-schema.ts'
import type { SchemaNode } from '../node.ts'
import { type Declaration, declaredSizes, mostOccurrences, structTypesOf } from './declaration.ts'
import { resolveFieldPath } from './field-path.ts'

export interface CompiledRule {
  readonly rule: ValidationRule
  /** undefined: the rule is empty, or (then `error` says) it does not compile. */
  readonly program: Program | undefined
  readonly error: string | undefined
  readonly usesOldSelf: boolean
  /** Static cost of one run, at most. */
  readonly maxCost: number
  /** Runs in one request, at most, if nothing bounds how often the schema occurs. */
  readonly maxRuns: number
  readonly message: Program | undefined
  readonly messageError: string | undefined
  readonly messageMaxCost: number
  /** Where failures are told, relative to the value; '' for the value itself. */
  readonly fieldPath: string
}

const NOTHING = {
  program: undefined,
  error: undefined,
  usesOldSelf: false,
  maxCost: 0,
  maxRuns: 0,
  message: undefined,
  messageError: undefined,
  messageMaxCost: 0,
  fieldPath: '',
} as const

/** The rules of one schema node, compiled against what it declares, a rule a step. */
export function* compileRules(
  node: SchemaNode,
  rules: readonly ValidationRule[],
  declaration: Declaration,
): Steps<CompiledRule[]> {
  if (rules.length === 0) return []
  const structs = structTypesOf(declaration)
  const { type } = declaration
  const plain = extend(KUBERNETES_ENVIRONMENT, { structs, variables: { self: type, oldSelf: type } })
  const optional = extend(KUBERNETES_ENVIRONMENT, { structs, variables: { self: type, oldSelf: optionalOf(type) } })
  const sizes = declaredSizes(declaration)
  const compile = function* (rule: ValidationRule): Steps<CompiledRule> {
    if ((rule.rule ?? '').trim() === '') return { rule, ...NOTHING }
    const environment = rule.optionalOldSelf ? optional : plain
    const program = yield* compiled(rule.rule as string, environment, '')
    if (typeof program === 'string') return { rule, ...NOTHING, error: program }
    if (program.type.kind !== 'bool') return { rule, ...NOTHING, error: 'cel expression must evaluate to a bool' }
    if (program.brokenConstant !== undefined) return { rule, ...NOTHING, error: `program ${unplanned(program)}` }
    const message = rule.messageExpression
      ? yield* compiled(rule.messageExpression, environment, 'messageExpression ')
      : undefined
    const messageError = typeof message === 'object' ? messageProblem(message) : message
    const messageProgram = typeof message === 'object' && messageError === undefined ? message : undefined
    return {
      rule,
      program,
      error: undefined,
      usesOldSelf: usesOldSelf(program),
      maxCost: (yield* programCost(program, sizes)).max,
      maxRuns: mostOccurrences(declaration),
      message: messageProgram,
      messageError,
      messageMaxCost: messageProgram === undefined ? 0 : (yield* programCost(messageProgram, sizes)).max,
      fieldPath: normalizedPath(rule, node),
    }
  }
  const all: CompiledRule[] = []
  for (const rule of rules) {
    all.push(yield* compile(rule))
    yield
  }
  return all
}

const unplanned = ({ brokenConstant }: Program): string => `instantiation failed: ${brokenConstant}`

function messageProblem(program: Program): string | undefined {
  if (program.type.kind !== 'string') return 'messageExpression must evaluate to a string'
  return program.brokenConstant === undefined ? undefined : `messageExpression ${unplanned(program)}`
}

function* compiled(source: string, environment: Environment, what: string): Steps<Program | string> {
  try {
    return yield* compileExpressionSteps(source, environment)
  } catch (error) {
    if (error instanceof CompileError) return `${what}compilation failed: ${error.message}`
    throw error
  }
}

const usesOldSelf = (program: Program): boolean =>
  Array.from(program.checked?.idents.values() ?? []).some((ident) => ident.name === 'oldSelf')

function normalizedPath(rule: ValidationRule, node: SchemaNode): string {
  if (!rule.fieldPath) return ''
  try {
    return resolveFieldPath(rule.fieldPath, node.schema).path
  } catch {
    return ''
  }
}
