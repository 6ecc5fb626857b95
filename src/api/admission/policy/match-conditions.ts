import type { MatchCondition } from '../../../apimachinery/kinds.generated.ts'
import type { Steps } from '../../../apimachinery/steps.ts'
import type { Bindings } from '../../../crd/cel/frame.ts'
import { BOOL } from '../../../crd/cel/types.ts'
import { conditionsBudget, type Expression, OutOfBudget, type Scope } from './expressions.ts'

/** Whether all conditions hold; `error` when one could not be evaluated and none says no. */
type ConditionsOutcome = { readonly matches: boolean; readonly error?: undefined } | { readonly error: string }

export function* compileConditions(scope: Scope, conditions: readonly MatchCondition[]): Steps<Expression[]> {
  const compiled: Expression[] = []
  for (const { expression } of conditions) compiled.push(yield* scope.compile(expression, [BOOL]))
  return compiled
}

export function checkConditions(scope: Scope, conditions: readonly Expression[], inputs: Bindings): ConditionsOutcome {
  if (conditions.length === 0) return { matches: true }
  const run = scope.run(inputs, conditionsBudget)
  const errors: string[] = []
  try {
    for (const condition of conditions) {
      const { value, error } = run.evaluate(condition)
      if (value === false) return { matches: false }
      if (error !== undefined) errors.push(error)
    }
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error
    errors.push(error.message)
  }
  if (errors.length === 0) return { matches: true }
  return { error: errors.length === 1 ? (errors[0] ?? '') : `[${errors.join(', ')}]` }
}
