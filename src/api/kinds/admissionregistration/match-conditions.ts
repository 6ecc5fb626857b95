import { duplicate, required, tooMany } from '../../../apimachinery/field-error.ts'
import { checkQualifiedName, type Errors, requireText } from '../errors.ts'

interface MatchCondition {
  name?: string
  expression?: string
}

export function validateMatchConditions(list: readonly MatchCondition[], at: string, errors: Errors): void {
  if (list.length > 64) errors.push(tooMany(at, list.length, 64))
  const seen = new Set<string>()
  for (const [i, { name = '', expression = '' }] of list.entries()) {
    if (expression.trim() === '') errors.push(required(`${at}[${i}].expression`))
    if (!requireText(name, `${at}[${i}].name`, errors)) continue
    checkQualifiedName(name, `${at}[${i}].name`, errors)
    if (seen.has(name)) errors.push(duplicate(`${at}[${i}].name`, name))
    seen.add(name)
  }
}
