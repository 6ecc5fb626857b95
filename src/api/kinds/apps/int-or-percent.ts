import { invalid } from '../../../apimachinery/field-error.ts'
import { type IntOrString, intValue, percentOf } from '../../../apimachinery/intstr.ts'
import { isPercent } from '../../../apimachinery/names.ts'
import { checkNotNegative, type Errors, pushInvalid } from '../errors.ts'

/** A count that is not negative, or a percentage. */
export function checkIntOrPercent(value: IntOrString | undefined, at: string, errors: Errors): void {
  if (typeof value === 'string') pushInvalid(errors, at, value, isPercent(value))
  else checkNotNegative(value, at, errors)
}

export function checkAtMostAll(value: IntOrString | undefined, at: string, errors: Errors): void {
  if (value !== undefined && (percentOf(value) ?? 0) > 100) errors.push(invalid(at, value, 'must not be greater than 100%'))
}

/** Whether it means none at all. */
export const isZero = (value: IntOrString | undefined): boolean =>
  value === undefined ? true : (percentOf(value) ?? intValue(value)) === 0

/** An update strategy as messages show it: Kubernetes prints its internal form. */
export const internalStrategy = (
  strategy: { type?: string },
  rolling: readonly (readonly [string, unknown])[] | undefined,
): object => ({
  Type: strategy.type ?? '',
  RollingUpdate: rolling ? Object.fromEntries(rolling.map(([field, value]) => [field, value === undefined ? 0 : value])) : null,
})
