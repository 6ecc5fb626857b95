import { duplicate, required, tooMany } from '../../../apimachinery/field-error.ts'
import type { Steps } from '../../../apimachinery/steps.ts'
import { BOOL } from '../../../crd/cel/types.ts'
import type { Scope } from '../../admission/policy/expressions.ts'
import { checkQualifiedName, type Errors, requireText } from '../errors.ts'
import { checkExpression } from './expressions.ts'

interface MatchCondition {
  name?: string
  expression?: string
}

export function* validateMatchConditions(list: readonly MatchCondition[], scope: Scope, at: string, errors: Errors): Steps<void> {
  if (list.length > 64) errors.push(tooMany(at, list.length, 64))
  const seen = new Set<string>()
  for (const [i, { name = '', expression = '' }] of list.entries()) {
    const text = expression.trim()
    if (text === '') errors.push(required(`${at}[${i}].expression`))
    else checkExpression(yield* scope.compile(text, [BOOL]), `${at}[${i}].expression`, errors)
    if (!requireText(name, `${at}[${i}].name`, errors)) continue
    checkQualifiedName(name, `${at}[${i}].name`, errors)
    if (seen.has(name)) errors.push(duplicate(`${at}[${i}].name`, name))
    seen.add(name)
  }
}
