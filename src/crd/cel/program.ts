import { atOnce, type Steps } from '../../apimachinery/steps.ts'
import { chainOf, type Expr } from './ast.ts'
import { type Checked, chainStep, check } from './checker.ts'
import { type DeclaredSize, estimateCost } from './cost-estimate.ts'
import type { Range } from './cost-range.ts'
import type { Environment } from './environment.ts'
import { BrokenConstant, Compiler, type Scope } from './evaluator.ts'
import type { Bindings, Compiled, Frame } from './frame.ts'
import { parse, parseSteps } from './parser.ts'
import { CompileError } from './source.ts'
import { type CelType, DYN } from './types.ts'
import { validateLiterals } from './validators.ts'
import { CelError, CostLimitExceeded, type Value } from './values.ts'

/** A compiled expression. Immutable; may be run any number of times. */
export interface Program {
  readonly source: string
  /** What it evaluates to, as far as types tell. */
  readonly type: CelType
  /** undefined when it was compiled without type checking. */
  readonly checked: Checked | undefined
  /** Why a constant in it cannot be converted: every run fails so. undefined: it can be run. */
  readonly brokenConstant: string | undefined
  readonly run: Compiled
}

const NO_SCOPE: Scope = { slots: new Map(), size: 0 }

/** Parses, type checks and compiles. Throws CompileError, whose message shows every issue under its source line. */
export const compileExpression = (source: string, environment: Environment): Program =>
  atOnce(compileExpressionSteps(source, environment))

/** As `compileExpression`, in steps. */
export function* compileExpressionSteps(source: string, environment: Environment): Steps<Program> {
  const expr = yield* parseSteps(source, environment)
  yield
  const { checked, issues } = yield* check(expr, environment)
  yield
  if (issues.length > 0) throw new CompileError(source, issues)
  if (environment.homogeneousLiterals) {
    const invalid = validateLiterals(checked)
    if (invalid.length > 0) throw new CompileError(source, invalid)
    yield
  }
  return { source, type: checked.types.get(expr.id) ?? DYN, checked, ...(yield* planned(expr, environment, checked)) }
}

type Plan = Pick<Program, 'run' | 'brokenConstant'>

function* planned(expr: Expr, environment: Environment, checked: Checked | undefined): Steps<Plan> {
  const compiler = new Compiler(environment, checked)
  try {
    for (const [i, part] of chainOf(expr).entries()) {
      if (i % chainStep === chainStep - 1) yield
      compiler.compileAhead(part, NO_SCOPE)
    }
    return { run: compiler.compile(expr, NO_SCOPE), brokenConstant: undefined }
  } catch (error) {
    if (!(error instanceof BrokenConstant)) throw error
    const { message } = error
    const run: Compiled = () => {
      throw new CelError(message)
    }
    return { run, brokenConstant: message }
  }
}

/** Compiles without type checking: names and overloads are found while it runs. */
export function compileUnchecked(source: string, environment: Environment): Program {
  const expr = parse(source, environment)
  return { source, type: DYN, checked: undefined, ...atOnce(planned(expr, environment, undefined)) }
}

/** Runs `program`. Throws CelError when the expression fails, CostLimitExceeded when it uses more than `limit` units. */
export function evaluate(program: Program, bindings: Bindings, limit = Infinity): { value: Value; cost: number } {
  const frame: Frame = { bindings, locals: [], cost: 0, limit }
  const value = program.run(frame)
  return { value, cost: frame.cost }
}

/** The same, with the failure and the units used until then as values. */
export function evaluateCounting(
  program: Program,
  bindings: Bindings,
  limit: number,
): { value: Value | undefined; error: CelError | CostLimitExceeded | undefined; cost: number } {
  const frame: Frame = { bindings, locals: [], cost: 0, limit }
  try {
    return { value: program.run(frame), error: undefined, cost: frame.cost }
  } catch (error) {
    if (error instanceof CelError || error instanceof CostLimitExceeded) return { value: undefined, error, cost: frame.cost }
    throw error
  }
}

/** The static cost of `program`, given what is declared of the sizes of its inputs; in steps. */
export function* programCost(program: Program, declaredSize: DeclaredSize): Steps<Range> {
  if (program.checked === undefined) throw new Error('an unchecked expression has no static cost')
  return yield* estimateCost(program.checked, declaredSize)
}
