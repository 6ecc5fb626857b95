import { duplicate, type FieldError, invalid, required, tooMany } from '../../../apimachinery/field-error.ts'
import type { EndpointHints, EndpointSlice } from '../../../apimachinery/kinds.generated.ts'
import { isDns1123Label, isDns1123Subdomain, isLabelValue } from '../../../apimachinery/names.ts'
import { checkEndpointIp } from '../core/endpoints-validation.ts'
import {
  checkChoice,
  checkGivenChoice,
  checkLabel,
  checkQualifiedName,
  checkUnchanged,
  type Errors,
  isSame,
  pushInvalid,
} from '../errors.ts'
import { checkLegacyIp, ipWarnings, parseIp, strictIpProblems } from '../ip.ts'
import { validateLabels } from '../meta.ts'

type Endpoint = NonNullable<EndpointSlice['endpoints']>[number]

function checkDomain(text: string, at: string, errors: Errors): void {
  if (!text) {
    errors.push(required(at))
    return
  }
  const name = text.endsWith('.') ? text.slice(0, -1) : text
  const problems = isDns1123Subdomain(name)
  if (problems.length > 0) {
    errors.push(invalid(at, name, problems.join(',')))
    return
  }
  const labels = name.split('.')
  if (labels.length < 2) {
    errors.push(invalid(at, name, 'should be a domain with at least two segments separated by dots'))
    return
  }
  for (const label of labels) {
    const wrong = isDns1123Label(label)
    if (wrong.length > 0) errors.push(invalid(at, label, wrong.join(',')))
  }
}

function validateAddress(address: string, type: string | undefined, path: string, at: string, errors: Errors): void {
  if (type === 'FQDN') checkDomain(address, at, errors)
  if (type !== 'IPv4' && type !== 'IPv6') return
  const count = errors.length
  if (type === 'IPv4') checkLegacyIp(address, at, errors)
  else pushInvalid(errors, at, address, strictIpProblems(address))
  if (errors.length > count) return
  const family = type === 'IPv4' ? 4 : 6
  if (parseIp(address)?.family !== family) errors.push(invalid(path, address, `must be an ${type} address`))
  checkEndpointIp(address, at, errors)
}

interface Hint {
  name: string
}

function validateHintList(
  list: readonly Hint[] | undefined,
  rule: (name: string) => readonly string[],
  at: string,
  errors: Errors,
): boolean {
  if (!list) return true
  if (list.length > 8) {
    errors.push(tooMany(at, list.length, 8))
    return false
  }
  const seen = new Set<string>()
  for (const [i, { name = '' }] of list.entries()) {
    if (seen.has(name)) errors.push(duplicate(`${at}[${i}].name`, name))
    seen.add(name)
    pushInvalid(errors, `${at}[${i}].name`, name, rule(name))
  }
  return true
}

function validateHints({ forZones, forNodes }: EndpointHints, at: string, errors: Errors): void {
  if (validateHintList(forZones, isLabelValue, `${at}.forZones`, errors)) {
    validateHintList(forNodes, isDns1123Subdomain, `${at}.forNodes`, errors)
  }
}

function validateEndpoint(endpoint: Endpoint, type: string | undefined, at: string, errors: Errors): void {
  const { nodeName, deprecatedTopology: topology, hostname, hints } = endpoint
  const path = `${at}.addresses`
  const addresses = endpoint.addresses ?? []
  if (addresses.length === 0) errors.push(required(path, 'must contain at least 1 address'))
  else if (addresses.length > 100) errors.push(tooMany(path, addresses.length, 100))
  for (const [i, address] of addresses.entries()) validateAddress(address, type, path, `${path}[${i}]`, errors)
  if (nodeName !== undefined) pushInvalid(errors, `${at}.nodeName`, nodeName, isDns1123Subdomain(nodeName))
  const count = Object.keys(topology ?? {}).length
  if (count > 16) errors.push(tooMany(`${at}.deprecatedTopology`, count, 16))
  validateLabels(topology, `${at}.deprecatedTopology`, errors)
  if (hostname !== undefined) checkLabel(hostname, `${at}.hostname`, errors)
  if (hints) validateHints(hints, `${at}.hints`, errors)
}

function validateEndpoints({ endpoints, addressType }: EndpointSlice): FieldError[] {
  const errors: Errors = []
  const list = endpoints ?? []
  if (list.length > 1000) errors.push(tooMany('endpoints', list.length, 1000))
  else for (const [i, endpoint] of list.entries()) validateEndpoint(endpoint, addressType, `endpoints[${i}]`, errors)
  return errors
}

function validatePorts({ ports }: EndpointSlice, errors: Errors): void {
  const list = ports ?? []
  if (list.length > 20_000) {
    errors.push(tooMany('ports', list.length, 20_000))
    return
  }
  const names = new Set<string>()
  for (const [i, { name = '', protocol, appProtocol }] of list.entries()) {
    const at = `ports[${i}]`
    if (name) checkLabel(name, `${at}.name`, errors)
    if (names.has(name)) errors.push(duplicate(`${at}.name`, name))
    names.add(name)
    checkGivenChoice(protocol, ['SCTP', 'TCP', 'UDP'], `${at}.protocol`, errors)
    if (appProtocol !== undefined) checkQualifiedName(appProtocol, `${at}.appProtocol`, errors)
  }
}

function validate(slice: EndpointSlice, old: EndpointSlice | undefined): FieldError[] {
  const errors: Errors = []
  checkChoice(slice.addressType, ['FQDN', 'IPv4', 'IPv6'], 'addressType', errors)
  validatePorts(slice, errors)
  const wrong = validateEndpoints(slice)
  if (!old || !isSame(old.endpoints, slice.endpoints)) errors.push(...wrong)
  return errors
}

export const validateEndpointSlice = (slice: EndpointSlice): FieldError[] => validate(slice, undefined)

export function validateEndpointSliceUpdate(slice: EndpointSlice, old: EndpointSlice): FieldError[] {
  const errors = validate(slice, old)
  checkUnchanged(slice.addressType, old.addressType, 'addressType', errors, 'string')
  return errors
}

const managedBy = 'endpointslice.kubernetes.io/managed-by'
const ownControllers = new Set(['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io'])

/** Addresses that should be written otherwise; those that the controllers of slices write are known to be well. */
export function sliceWarnings({ metadata, addressType, endpoints }: EndpointSlice, old: EndpointSlice | undefined): string[] {
  const warnings = !old && addressType === 'FQDN' ? ['spec.addressType: FQDN endpoints are deprecated'] : []
  if (ownControllers.has(metadata.labels?.[managedBy] ?? '')) return warnings
  for (const [i, endpoint] of (endpoints ?? []).entries()) {
    for (const [j, address] of (endpoint.addresses ?? []).entries()) {
      warnings.push(...ipWarnings(address, `endpoints[${i}].addresses[${j}]`))
    }
  }
  return warnings
}
