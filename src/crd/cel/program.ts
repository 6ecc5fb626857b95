import type { Expr } from './ast.ts'
import { type Checked, check } from './checker.ts'
import { type DeclaredSize, estimateCost } from './cost-estimate.ts'
import type { Range } from './cost-range.ts'
import type { Environment } from './environment.ts'
import { BrokenConstant, Compiler, type Scope } from './evaluator.ts'
import type { Bindings, Compiled, Frame } from './frame.ts'
import { parse } from './parser.ts'
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
export function compileExpression(source: string, environment: Environment): Program {
  const expr = parse(source, environment)
  const { checked, issues } = check(expr, environment)
  if (issues.length > 0) throw new CompileError(source, issues)
  if (environment.homogeneousLiterals) {
    const invalid = validateLiterals(checked)
    if (invalid.length > 0) throw new CompileError(source, invalid)
  }
  return { source, type: checked.types.get(expr.id) ?? DYN, checked, ...planned(expr, environment, checked) }
}

function planned(expr: Expr, environment: Environment, checked: Checked | undefined): Pick<Program, 'run' | 'brokenConstant'> {
  try {
    return { run: new Compiler(environment, checked).compile(expr, NO_SCOPE), brokenConstant: undefined }
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
  return { source, type: DYN, checked: undefined, ...planned(expr, environment, undefined) }
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

/** The static cost of `program`, given what is declared of the sizes of its inputs. */
export function programCost(program: Program, declaredSize: DeclaredSize): Range {
  if (program.checked === undefined) throw new Error('an unchecked expression has no static cost')
  return estimateCost(program.checked, declaredSize)
}
