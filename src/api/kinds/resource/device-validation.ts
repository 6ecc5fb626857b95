import { duplicate, invalid, notSupported, required, tooLong, tooMany } from '../../../apimachinery/field-error.ts'
import type { Device, DeviceAttribute, DeviceTaint } from '../../../apimachinery/kinds.generated.ts'
import { isLabelValue, isLonger } from '../../../apimachinery/names.ts'
import { internal } from '../../schema/internal.ts'
import { checkLabel, checkQualifiedName, type Errors, isSame, pushInvalid } from '../errors.ts'
import { taintEffects } from './claim-validation.ts'
import { checkAttributeName, checkItems, checkSet } from './names.ts'
import { validateCapacity } from './request-policy.ts'

const semanticVersion =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/

function validateAttribute(attribute: DeviceAttribute, at: string, errors: Errors): void {
  const { bool, int, string, version } = attribute
  if (string !== undefined && isLonger(string, 64)) errors.push(tooLong(`${at}.string`, 64))
  if (version !== undefined) {
    if (!semanticVersion.test(version)) {
      errors.push(invalid(`${at}.version`, version, 'must be a string compatible with semver.org spec 2.0.0'))
    }
    if (isLonger(version, 64)) errors.push(tooLong(`${at}.version`, 64))
  }
  const count = [bool, int, string, version].filter((value) => value !== undefined).length
  if (count !== 1)
    errors.push(
      invalid(at, count === 0 ? '' : internal('resource.DeviceAttribute', attribute), 'exactly one value must be specified'),
    )
}

function validateTaint({ key = '', value, effect }: DeviceTaint, at: string, errors: Errors): void {
  checkQualifiedName(key, `${at}.key`, errors)
  if (value) pushInvalid(errors, `${at}.value`, value, isLabelValue(value))
  if (!effect) errors.push(required(`${at}.effect`))
  else if (!taintEffects.includes(effect)) errors.push(notSupported(`${at}.effect`, effect, taintEffects))
}

function checkUnique(list: readonly string[], at: string, errors: Errors): void {
  const seen = new Set<string>()
  for (const [i, name] of list.entries()) {
    if (seen.has(name)) errors.push(duplicate(`${at}[${i}]`, name))
    seen.add(name)
  }
}

type Binding = Pick<Device, 'bindingConditions' | 'bindingFailureConditions'>

/** Conditions that must be met before a pod is bound to what it got, and those that say that it will not be. */
export function validateBinding(device: Binding, at: string, errors: Errors): void {
  const { bindingConditions: bind = [], bindingFailureConditions: fail = [] } = device
  for (const field of ['bindingConditions', 'bindingFailureConditions'] as const) {
    checkItems(device[field], 4, (name, path) => checkQualifiedName(name, path, errors), `${at}.${field}`, errors)
  }
  checkUnique(bind, `${at}.bindingConditions`, errors)
  checkUnique(fail, `${at}.bindingFailureConditions`, errors)
  for (const [i, name] of fail.entries()) {
    const text = 'bindingFailureConditions must not overlap with bindingConditions'
    if (bind.includes(name)) errors.push(invalid(`${at}.bindingFailureConditions[${i}]`, name, text))
  }
  if (bind.length === 0 && fail.length > 0) {
    const text = 'bindingConditions are required to use bindingFailureConditions'
    errors.push(invalid(`${at}.bindingConditions`, device.bindingConditions ?? null, text))
  }
  if (fail.length === 0 && bind.length > 0) {
    const text = 'bindingFailureConditions are required to use bindingConditions'
    errors.push(invalid(`${at}.bindingFailureConditions`, device.bindingFailureConditions ?? null, text))
  }
}

function validateConsumption({ consumesCounters }: Device, at: string, errors: Errors): void {
  const check = (consumption: NonNullable<typeof consumesCounters>[number], path: string) => {
    if (!consumption.counterSet) errors.push(required(`${path}.counterSet`))
    else checkLabel(consumption.counterSet, `${path}.counterSet`, errors)
    const names = Object.keys(consumption.counters ?? {})
    if (names.length === 0) errors.push(required(`${path}.counters`))
    else if (names.length > 32) errors.push(tooMany(`${path}.counters`, names.length, 32))
    else for (const name of names) checkLabel(name, `${path}.counters`, errors)
  }
  checkSet(consumesCounters, 2, check, (c) => c.counterSet ?? '', `${at}.consumesCounters`, errors)
}

/** All of a device but its name and its nodes. */
export function validateDeviceDetails(device: Device, old: Device | undefined, at: string, errors: Errors): void {
  const attributes = Object.entries(device.attributes ?? {})
  const capacity = Object.entries(device.capacity ?? {})
  const count = attributes.length + capacity.length
  if (count > 32) errors.push(invalid(at, count, 'the total number of attributes and capacities must not exceed 32'))
  for (const [name, attribute] of attributes) {
    checkAttributeName(name, `${at}.attributes`, errors)
    validateAttribute(attribute, `${at}.attributes[${name}]`, errors)
  }
  for (const [name, one] of capacity) {
    checkAttributeName(name, `${at}.capacity`, errors)
    validateCapacity(one, device.allowMultipleAllocations === true, `${at}.capacity[${name}]`, errors)
  }
  if (!old || !isSame(old.taints, device.taints)) checkItems(device.taints, 16, validateTaint, `${at}.taints`, errors)
  validateConsumption(device, at, errors)
}
