import { ConfigError } from '../../apimachinery/config-shape.ts'
import { walk } from '../../crd/cel/ast.ts'
import type { Environment } from '../../crd/cel/environment.ts'
import { toJson } from '../../crd/cel/json-values.ts'
import { compileExpression, evaluateCounting, type Program } from '../../crd/cel/program.ts'
import { CompileError } from '../../crd/cel/source.ts'
import type { CelType } from '../../crd/cel/types.ts'

/** The most one expression may cost. */
const costLimit = 1_000_000

/** A CEL expression of a configuration file. */
export interface Expression<In> {
  readonly source: string
  /** Whether it selects a field of this name; `of`: directly of this variable. */
  uses(field: string, of?: string): boolean
  /** JSON. Throws an Error that says what went wrong. */
  evaluate(input: In): unknown
}

/** Throws ConfigError. `results`: what it may evaluate to; anything without. */
export function compiledExpression<In>(
  environment: Environment,
  source: string,
  at: string,
  results: readonly CelType[] | undefined,
  bind: (input: In) => Parameters<typeof evaluateCounting>[1],
): Expression<In> {
  let program: Program
  try {
    program = compileExpression(source, environment)
  } catch (error) {
    if (!(error instanceof CompileError)) throw error
    throw new ConfigError(at, `Invalid value: ${JSON.stringify(source)}: compilation failed: ${error.message}`)
  }
  if (results && !results.some((type) => String(type) === String(program.type))) {
    const wanted = results.length === 1 ? `must evaluate to ${results[0]}` : `must evaluate to one of [${results.join(' ')}]`
    throw new ConfigError(at, `Invalid value: ${JSON.stringify(source)}: ${wanted}`)
  }
  return {
    source,
    uses: (field, of) => selects(program, field, of),
    evaluate(input) {
      const { value, error } = evaluateCounting(program, bind(input), costLimit)
      if (error || value === undefined)
        throw new Error(`expression '${source}' resulted in error: ${error?.message ?? 'no value'}`)
      return toJson(value)
    },
  }
}

function selects(program: Program, field: string, of: string | undefined): boolean {
  let found = false
  if (!program.checked) return false
  walk(program.checked.expr, (expr) => {
    if (expr.kind === 'select' && expr.field === field)
      found ||= of === undefined || (expr.operand.kind === 'ident' && expr.operand.name === of)
    // x.?field
    if (expr.kind === 'call' && expr.args.some((a) => a.kind === 'literal' && a.value === field)) found = true
  })
  return found
}
