import { forbiddenField, invalid, required } from '../../../apimachinery/field-error.ts'
import type { CapacityRequestPolicy, CapacityRequestPolicyRange, DeviceCapacity } from '../../../apimachinery/kinds.generated.ts'
import { addQuantities, compareQuantities, formatQuantity, quantityValue } from '../../../apimachinery/quantity.ts'
import type { Errors } from '../errors.ts'
import { checkSet } from './names.ts'

const mostOptions = 10
const bothPolicies = 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time'

/** How much of a device's capacity a request may ask for. (The generated types know no field called `default`.) */
type Policy = CapacityRequestPolicy & { default?: string }

/** A request policy needs a device that several claims may share, and is a list of values or a range, with a default among them. */
export function validateCapacity({ value, requestPolicy }: DeviceCapacity, isShared: boolean, at: string, errors: Errors): void {
  const policy: Policy | undefined = requestPolicy
  if (!policy) return
  const path = `${at}.requestPolicy`
  if (!isShared) {
    errors.push(forbiddenField(path, 'allowMultipleAllocations must be true'))
    return
  }
  const { validValues, validRange, default: standard } = policy
  const hasValues = (validValues?.length ?? 0) > 0
  const kind = hasValues ? 'validValues' : 'validRange'
  if (hasValues && validRange) errors.push(forbiddenField(path, bothPolicies))
  else if (!hasValues && !validRange) return
  else if (standard === undefined) errors.push(required(`${path}.default`, `required when ${kind} is defined`))
  else if (hasValues) validateValues(validValues ?? [], standard, value, `${path}.validValues`, errors)
  else if (validRange) validateRange(validRange, standard, value, `${path}.validRange`, errors)
}

function validateValues(values: readonly string[], standard: string, capacity: string, at: string, errors: Errors): void {
  for (const [i, value] of values.entries()) {
    const before = values[i - 1]
    if (before !== undefined && compareQuantities(before, value) > 0) {
      errors.push(invalid(`${at}[${i}]`, value, 'values must be sorted in ascending order'))
    }
  }
  let hasDefault = false
  const check = (option: string, path: string) => {
    if (compareQuantities(option, capacity) > 0) {
      errors.push(invalid(path, option, `option is larger than capacity value: ${capacity}`))
    }
    hasDefault ||= compareQuantities(option, standard) === 0
  }
  checkSet(values, mostOptions, check, (option) => String(quantityValue(option)), at, errors)
  if (!hasDefault) errors.push(invalid(at, standard, 'default value is not valid according to the requestPolicy'))
}

function validateRange(range: CapacityRequestPolicyRange, standard: string, capacity: string, at: string, errors: Errors): void {
  const { min, max, step } = range
  if (min === undefined) {
    errors.push(required(`${at}.min`, 'required when validRange is defined'))
    return
  }
  const isAbove = (a: string, b: string) => compareQuantities(a, b) > 0
  if (isAbove(min, capacity)) errors.push(invalid(`${at}.min`, min, `min is larger than capacity value: ${capacity}`))
  if (isAbove(min, standard)) errors.push(invalid(`${at}.min`, standard, `default is less than min: ${min}`))
  if (max !== undefined) {
    if (isAbove(min, max)) errors.push(invalid(`${at}.max`, min, `min is larger than max: ${max}`))
    if (isAbove(max, capacity)) errors.push(invalid(`${at}.max`, max, `max is larger than capacity value: ${capacity}`))
    if (isAbove(standard, max)) errors.push(invalid(`${at}.max`, standard, `default is more than max: ${max}`))
  }
  if (step === undefined) return
  const one = formatQuantity(addQuantities(min, step))
  if (isAbove(one, capacity))
    errors.push(invalid(`${at}.step`, step, `one step ${one} is larger than capacity value: ${capacity}`))
  for (const value of max === undefined ? [standard] : [standard, max]) {
    const isReached = (quantityValue(value) - quantityValue(min)) % quantityValue(step) === 0
    const text = `value is not a multiple of a given step (${step}) from (${min})`
    if (!isReached) errors.push(invalid(`${at}.step`, value, text))
  }
}
