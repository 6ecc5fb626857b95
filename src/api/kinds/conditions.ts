import { duplicate, invalid, notSupported, required, tooLong } from '../../apimachinery/field-error.ts'
import type { Condition } from '../../apimachinery/kinds.generated.ts'
import { isLonger, regexText } from '../../apimachinery/names.ts'
import { checkQualifiedName, type Errors } from './errors.ts'

/** The rules of metav1.Condition (k8s.io/apimachinery/pkg/apis/meta/v1/validation). */

const statuses = ['False', 'True', 'Unknown']
const maxReason = 1024
const maxMessage = 32 * 1024
const reason = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?'
const reasonPattern = new RegExp(`^${reason}$`)
const reasonText = regexText(
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'",
  reason,
  'my_name',
  'MY_NAME',
  'MyName',
  'ReasonA,ReasonB',
  'ReasonA:ReasonB',
)

/** What is wrong with a list of conditions, of which each type may be there once. */
export function validateConditions(conditions: readonly Condition[] | undefined, at: string, errors: Errors): void {
  const seen = new Set<string>()
  for (const [i, condition] of (conditions ?? []).entries()) {
    const type = condition.type ?? ''
    if (seen.has(type)) errors.push(duplicate(`${at}[${i}].type`, type))
    seen.add(type)
    validateCondition(condition, `${at}[${i}]`, errors)
  }
}

function validateCondition(condition: Condition, at: string, errors: Errors): void {
  const { type = '', status = '', observedGeneration = 0, lastTransitionTime, reason: why = '', message = '' } = condition
  checkQualifiedName(type, `${at}.type`, errors)
  if (!statuses.includes(status)) errors.push(notSupported(`${at}.status`, status, statuses))
  if (observedGeneration < 0) {
    errors.push(invalid(`${at}.observedGeneration`, observedGeneration, 'must be greater than or equal to zero'))
  }
  if (!lastTransitionTime) errors.push(required(`${at}.lastTransitionTime`))
  if (why === '') errors.push(required(`${at}.reason`))
  else {
    if (!reasonPattern.test(why)) errors.push(invalid(`${at}.reason`, why, reasonText))
    if (isLonger(why, maxReason)) errors.push(tooLong(`${at}.reason`, maxReason))
  }
  if (isLonger(message, maxMessage)) errors.push(tooLong(`${at}.message`, maxMessage))
}
