import { invalid, notSupported, required, tooLong } from '../../../apimachinery/field-error.ts'
import { jsonText } from '../../../apimachinery/json.ts'
import type {
  DeviceClaim,
  DeviceClaimConfiguration,
  DeviceConstraint,
  DeviceRequest,
  DeviceSelector,
  DeviceToleration,
  ExactDeviceRequest,
} from '../../../apimachinery/kinds.generated.ts'
import { isLabelValue, isLonger } from '../../../apimachinery/names.ts'
import { checkLabel, checkQualifiedName, checkSubdomain, type Errors, pushInvalid, requireText } from '../errors.ts'
import { checkCsiDriver } from '../pod-spec/volume-sources.ts'
import { checkDeviceExpression } from './device-expressions.ts'
import { checkFullAttributeName, checkItems, checkSet } from './names.ts'

const maxItems = 32
const maxExpression = 10 * 1024
const maxParameters = 10 * 1024

export function validateSelector({ cel }: DeviceSelector, at: string, errors: Errors): void {
  if (!cel) errors.push(required(`${at}.cel`))
  else if (isLonger(cel.expression ?? '', maxExpression)) errors.push(tooLong(`${at}.cel.expression`, maxExpression))
  else checkDeviceExpression(cel.expression ?? '', `${at}.cel.expression`, errors)
}

function validateToleration({ key, operator, value = '', effect }: DeviceToleration, at: string, errors: Errors): void {
  if (key) checkQualifiedName(key, `${at}.key`, errors)
  if (operator === 'Exists') {
    if (value) errors.push(invalid(`${at}.value`, value, 'must be empty for operator `Exists`'))
  } else if (operator === 'Equal') pushInvalid(errors, `${at}.value`, value, isLabelValue(value))
  else if (!operator) errors.push(required(`${at}.operator`))
  else errors.push(notSupported(`${at}.operator`, operator, ['Equal', 'Exists']))
  if (effect && !taintEffects.includes(effect)) errors.push(notSupported(`${at}.effect`, effect, taintEffects))
}

export const taintEffects = ['NoExecute', 'NoSchedule', 'None']

type Wanted = Omit<ExactDeviceRequest, 'adminAccess'>

function validateWanted(request: Wanted, at: string, errors: Errors): void {
  const { deviceClassName, selectors, allocationMode: mode, count = 0, tolerations } = request
  const path = `${at}.deviceClassName`
  if (requireText(deviceClassName, path, errors)) checkSubdomain(deviceClassName, path, errors)
  checkItems(selectors, maxItems, validateSelector, `${at}.selectors`, errors)
  if (mode === 'All') {
    if (count !== 0) errors.push(invalid(`${at}.count`, count, "must not be specified when allocationMode is 'All'"))
  } else if (mode === 'ExactCount') {
    if (count <= 0) errors.push(invalid(`${at}.count`, count, 'must be greater than zero'))
  } else errors.push(notSupported(`${at}.allocationMode`, mode ?? '', ['All', 'ExactCount']))
  checkItems(tolerations, -1, validateToleration, `${at}.tolerations`, errors)
}

function validateRequest({ name = '', exactly, firstAvailable }: DeviceRequest, at: string, errors: Errors): void {
  checkLabel(name, `${at}.name`, errors)
  const text = 'exactly one of `exactly` or `firstAvailable` is required'
  const hasFirst = (firstAvailable?.length ?? 0) > 0
  if (exactly && hasFirst) errors.push(invalid(at, null, `${text}, but multiple fields are set`))
  else if (hasFirst) {
    const validateSub = (sub: NonNullable<typeof firstAvailable>[number], path: string) => {
      checkLabel(sub.name ?? '', `${path}.name`, errors)
      validateWanted(sub, path, errors)
    }
    checkSet(firstAvailable, 8, validateSub, (sub) => sub.name, `${at}.firstAvailable`, errors)
  } else if (exactly) validateWanted(exactly, `${at}.exactly`, errors)
  else errors.push(required(at, text))
}

type RequestNames = ReadonlyMap<string, ReadonlySet<string>>

export const requestNames = (claim: DeviceClaim | undefined): RequestNames =>
  new Map((claim?.requests ?? []).map((r) => [r.name, new Set((r.firstAvailable ?? []).map((sub) => sub.name))]))

const requestText = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"

export function checkRequestName(name: string, names: RequestNames, at: string, errors: Errors): void {
  const [request = '', sub, ...more] = name.split('/')
  if (more.length > 0) {
    errors.push(invalid(at, name, requestText))
    return
  }
  checkLabel(request, at, errors)
  if (sub !== undefined) checkLabel(sub, at, errors)
  const found = names.get(request)
  if (!found || (sub !== undefined && !found.has(sub))) errors.push(invalid(at, name, requestText))
}

export function checkRequestNames(list: readonly string[] | undefined, names: RequestNames, at: string, errors: Errors): void {
  checkSet(
    list,
    maxItems,
    (name, path) => checkRequestName(name, names, path, errors),
    (name) => name,
    at,
    errors,
  )
}

function validateConstraint(constraint: DeviceConstraint, names: RequestNames, at: string, errors: Errors): void {
  const { requests, matchAttribute, distinctAttribute } = constraint
  checkRequestNames(requests, names, `${at}.requests`, errors)
  if (matchAttribute !== undefined) checkFullAttributeName(matchAttribute, `${at}.matchAttribute`, errors)
  else if (distinctAttribute !== undefined) checkFullAttributeName(distinctAttribute, `${at}.distinctAttribute`, errors)
  else {
    const text = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'
    errors.push(required(at, text))
  }
}

/** A JSON object of limited size. */
export function checkRawObject(value: unknown, max: number, at: string, errors: Errors): void {
  if (value === undefined || value === null) errors.push(required(at))
  else if (Buffer.byteLength(jsonText(value)) > max) errors.push(tooLong(at, max))
  else if (typeof value !== 'object' || Array.isArray(value)) {
    errors.push(invalid(at, '<value omitted>', 'must be a valid JSON object'))
  }
}

export function validateConfiguration({ opaque }: Pick<DeviceClaimConfiguration, 'opaque'>, at: string, errors: Errors): void {
  if (!opaque) {
    errors.push(required(`${at}.opaque`))
    return
  }
  checkCsiDriver(opaque.driver, `${at}.opaque.driver`, errors)
  checkRawObject(opaque.parameters, maxParameters, `${at}.opaque.parameters`, errors)
}

export function validateDeviceClaim(claim: DeviceClaim | undefined, at: string, errors: Errors): void {
  const names = requestNames(claim)
  checkSet(claim?.requests, maxItems, validateRequest, (r) => r.name ?? '', `${at}.requests`, errors)
  const checkConstraint = (c: DeviceConstraint, path: string) => validateConstraint(c, names, path, errors)
  checkItems(claim?.constraints, maxItems, checkConstraint, `${at}.constraints`, errors)
  const checkConfig = (c: DeviceClaimConfiguration, path: string) => {
    checkRequestNames(c.requests, names, `${path}.requests`, errors)
    validateConfiguration(c, path, errors)
  }
  checkItems(claim?.config, maxItems, checkConfig, `${at}.config`, errors)
}
