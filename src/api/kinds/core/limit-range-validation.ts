import { duplicate, type FieldError, forbiddenField, invalid, required } from '../../../apimachinery/field-error.ts'
import type { LimitRange, LimitRangeItem } from '../../../apimachinery/kinds.generated.ts'
import { isQualifiedName } from '../../../apimachinery/names.ts'
import { compareQuantities, maxMilliValue, scaledInt64 } from '../../../apimachinery/quantity.ts'
import { type Errors, pushInvalid } from '../errors.ts'
import type { ResourceList } from '../pod-spec/resource-list.ts'
import { checkContainerResource, checkResourceName, isOvercommitAllowed } from '../pod-spec/resources.ts'

export type Limits = LimitRangeItem & { default?: ResourceList }

const types = new Set(['Pod', 'Container', 'PersistentVolumeClaim'])

function checkType(type: string, at: string, errors: Errors): void {
  const problems = isQualifiedName(type)
  pushInvalid(errors, at, type, problems)
  if (problems.length > 0 || type.includes('/') || types.has(type)) return
  errors.push(invalid(at, type, 'must be a standard limit type or fully qualified'))
}

export function validateLimitRange(range: LimitRange): FieldError[] {
  const errors: Errors = []
  const seen = new Set<string>()
  range.spec?.limits?.forEach((limit, i) => {
    const at = `spec.limits[${i}]`
    checkType(limit.type ?? '', `${at}.type`, errors)
    if (seen.has(limit.type)) errors.push(duplicate(`${at}.type`, limit.type))
    seen.add(limit.type)
    validateLimit(limit, at, errors)
  })
  return errors
}

function validateLimit(limit: Limits, at: string, errors: Errors): void {
  const isPod = limit.type === 'Pod'
  const checkName = isPod || limit.type === 'Container' ? checkContainerResource : checkResourceName
  const names = new Set<string>()
  const check = (field: keyof Limits & string, list: ResourceList | undefined) => {
    for (const name of Object.keys(list ?? {})) {
      checkName(name, `${at}.${field}[${name}]`, errors)
      names.add(name)
    }
  }
  check('max', limit.max)
  check('min', limit.min)
  for (const field of ['default', 'defaultRequest'] as const) {
    if (!isPod) check(field, limit[field])
    else if (Object.keys(limit[field] ?? {}).length > 0) {
      errors.push(forbiddenField(`${at}.${field}`, "may not be specified when `type` is 'Pod'"))
    }
  }
  const hasStorage = limit.min?.storage !== undefined || limit.max?.storage !== undefined
  if (limit.type === 'PersistentVolumeClaim' && !hasStorage) {
    const text = 'either minimum or maximum storage value is required, but neither was provided'
    errors.push(required(`${at}.limits`, text))
  }
  check('maxLimitRequestRatio', limit.maxLimitRequestRatio)
  const judged = isPod ? { ...limit, default: {}, defaultRequest: {} } : limit
  for (const name of names) validateValues(judged, name, at, errors)
}

function validateValues(limit: Limits, name: string, at: string, errors: Errors): void {
  const min = limit.min?.[name]
  const max = limit.max?.[name]
  const value = limit.default?.[name]
  const request = limit.defaultRequest?.[name]
  const above = (a: string | undefined, b: string | undefined): boolean =>
    a !== undefined && b !== undefined && compareQuantities(a, b) > 0
  const refuse = (field: string, shown: string | undefined, text: string) => {
    errors.push(invalid(`${at}.${field}[${name}]`, shown, text))
  }
  if (above(min, max)) refuse('min', min, `min value ${min} is greater than max value ${max}`)
  if (above(min, request)) refuse('defaultRequest', request, `min value ${min} is greater than default request value ${request}`)
  if (above(request, max)) refuse('defaultRequest', request, `default request value ${request} is greater than max value ${max}`)
  if (above(request, value)) {
    refuse('defaultRequest', request, `default request value ${request} is greater than default limit value ${value}`)
  }
  if (above(min, value)) refuse('default', min, `min value ${min} is greater than default value ${value}`)
  if (above(value, max)) refuse('default', max, `default value ${value} is greater than max value ${max}`)
  const ratio = limit.maxLimitRequestRatio?.[name]
  if (above('1', ratio)) refuse('maxLimitRequestRatio', ratio, `ratio ${ratio} is less than 1`)
  if (ratio !== undefined && min !== undefined && max !== undefined) {
    const bound = boundOfRatio(ratio, min, max)
    if (bound !== undefined) refuse('maxLimitRequestRatio', ratio, `ratio ${ratio} is greater than max/min = ${bound}`)
  }
  const differ = value !== undefined && request !== undefined && compareQuantities(value, request) !== 0
  if (differ && !isOvercommitAllowed(name)) {
    refuse('defaultRequest', request, `default value ${value} must equal to defaultRequest value ${request} in ${name}`)
  }
}

/** What max and min allow when `ratio` is more; undefined when it is not. */
function boundOfRatio(ratio: string, min: string, max: string): string | undefined {
  const at = (scale: number): bigint[] => [ratio, min, max].map((quantity) => scaledInt64(quantity, scale))
  const whole = at(0)
  const isFine = whole.every((value) => value < maxMilliValue)
  const [most = 0, least = 0, largest = 0] = (isFine ? at(-3) : whole).map(Number)
  const bound = largest / least
  return (isFine ? most / 1000 : most) > bound ? goFloat(bound) : undefined
}

/** `%f`. */
const goFloat = (value: number): string =>
  Number.isFinite(value) ? value.toFixed(6) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
