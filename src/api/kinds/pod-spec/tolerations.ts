import { invalid, notSupported, required } from '../../../apimachinery/field-error.ts'
import type { Toleration } from '../../../apimachinery/kinds.generated.ts'
import { isLabelValue } from '../../../apimachinery/names.ts'
import { checkQualifiedName, checkSupported, type Errors } from '../errors.ts'

const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

export function validateTolerations(tolerations: readonly Toleration[], at: string, errors: Errors): void {
  tolerations.forEach((toleration, i) => {
    const path = `${at}[${i}]`
    const { key, operator = '', value = '', effect = '', tolerationSeconds } = toleration
    if (key) checkQualifiedName(key, `${path}.key`, errors)
    else if (operator !== 'Exists') {
      const text = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
      errors.push(invalid(`${path}.operator`, operator, text))
    }
    if (tolerationSeconds != null && effect !== 'NoExecute') {
      errors.push(invalid(`${path}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"))
    }
    validateOperator(operator, value, `${path}.operator`, errors)
    if (effect) checkSupported(effect, taintEffects, `${path}.effect`, errors)
  })
}

function validateOperator(operator: string, value: string, at: string, errors: Errors): void {
  if (operator === 'Equal' || operator === '') {
    const problems = isLabelValue(value)
    if (problems.length > 0) errors.push(invalid(at, value, problems.join(';')))
  } else if (operator === 'Exists') {
    if (value) errors.push(invalid(at, value, "value must be empty when `operator` is 'Exists'"))
  } else if (operator === 'Lt' || operator === 'Gt') errors.push(notSupported(at, operator, ['Equal', 'Exists', 'Lt', 'Gt']))
  else errors.push(notSupported(at, operator, ['Equal', 'Exists']))
}

/** The effect of a taint: required, and one of three. */
export function checkTaintEffect(effect: string | undefined, at: string, errors: Errors): void {
  if (!effect) errors.push(required(at))
  else checkSupported(effect, taintEffects, at, errors)
}
