import { type FieldError, invalid, required } from '../../../apimachinery/field-error.ts'
import type { EndpointAddress, Endpoints } from '../../../apimachinery/kinds.generated.ts'
import { isPortNumber } from '../../../apimachinery/names.ts'
import { timeProblem } from '../../schema/time.ts'
import { checkChoice, checkLabel, checkQualifiedName, checkSubdomain, type Errors, isSame, pushInvalid } from '../errors.ts'
import { checkLegacyIp, ipWarnings, parseIp } from '../ip.ts'

export const protocols = ['SCTP', 'TCP', 'UDP']

/** Addresses that no endpoint can have: unspecified, loopback, link-local. */
export function checkEndpointIp(text: string, at: string, errors: Errors, ip = parseIp(text)): void {
  if (!ip) {
    errors.push(invalid(at, text, 'must be a valid IP address'))
    return
  }
  const [a = 0, b = 0] = ip.bytes
  const zeros = ip.bytes.slice(0, -1).every((byte) => byte === 0)
  const last = ip.bytes.at(-1)
  const v4 = ip.family === 4
  if (zeros && last === 0) errors.push(invalid(at, text, `may not be unspecified (${text})`))
  if (v4 ? a === 127 : zeros && last === 1) {
    errors.push(invalid(at, text, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'))
  }
  if (v4 ? a === 169 && b === 254 : a === 0xfe && (b & 0xc0) === 0x80) {
    errors.push(invalid(at, text, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'))
  }
  if (v4 ? a === 224 && b === 0 && ip.bytes[2] === 0 : a === 0xff && (b & 0x0f) === 0x02) {
    errors.push(invalid(at, text, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'))
  }
}

function validateAddress({ ip = '', hostname, nodeName }: EndpointAddress, at: string, errors: Errors): void {
  const address = checkLegacyIp(ip, `${at}.ip`, errors)
  if (hostname) checkLabel(hostname, `${at}.hostname`, errors)
  if (nodeName != null) checkSubdomain(nodeName, `${at}.nodeName`, errors)
  checkEndpointIp(ip, `${at}.ip`, errors, address)
}

function validateSubsets(subsets: NonNullable<Endpoints['subsets']>, errors: Errors): void {
  subsets.forEach(({ addresses = [], notReadyAddresses = [], ports = [] }, i) => {
    const at = `subsets[${i}]`
    if (addresses.length === 0 && notReadyAddresses.length === 0) {
      errors.push(required(at, 'must specify `addresses` or `notReadyAddresses`'))
    }
    for (const [j, address] of addresses.entries()) validateAddress(address, `${at}.addresses[${j}]`, errors)
    for (const [j, address] of notReadyAddresses.entries()) validateAddress(address, `${at}.notReadyAddresses[${j}]`, errors)
    ports.forEach(({ name, port = 0, protocol, appProtocol }, j) => {
      const path = `${at}.ports[${j}]`
      if (name) checkLabel(name, `${path}.name`, errors)
      else if (ports.length > 1) errors.push(required(`${path}.name`))
      pushInvalid(errors, `${path}.port`, port, isPortNumber(port))
      checkChoice(protocol, protocols, `${path}.protocol`, errors)
      if (appProtocol != null) checkQualifiedName(appProtocol, `${path}.appProtocol`, errors)
    })
  })
}

export function validateEndpoints({ subsets = [], metadata }: Endpoints): FieldError[] {
  const errors: Errors = []
  validateAnnotationTime(metadata.annotations ?? {}, errors)
  validateSubsets(subsets, errors)
  return errors
}

const triggerTime = 'endpoints.kubernetes.io/last-change-trigger-time'

function validateAnnotationTime(annotations: Readonly<Record<string, string>>, errors: Errors): void {
  const time = annotations[triggerTime]
  const problem = time === undefined ? undefined : timeProblem(time)
  if (problem !== undefined) errors.push(invalid('annotations', triggerTime, problem))
}

/** Subsets that do not change are not judged again. */
export function validateEndpointsUpdate(endpoints: Endpoints, old: Endpoints): FieldError[] {
  const errors: Errors = []
  validateAnnotationTime(endpoints.metadata.annotations ?? {}, errors)
  if (!isSame(endpoints.subsets, old.subsets)) validateSubsets(endpoints.subsets ?? [], errors)
  return errors
}

const managedBy = 'endpoints.kubernetes.io/managed-by'

/** Addresses that should be written otherwise; the controller of endpoints writes them well. */
export function endpointsWarnings({ metadata, subsets }: Endpoints): string[] {
  if (metadata.labels?.[managedBy] === 'endpoint-controller') return []
  return (subsets ?? []).flatMap((subset, i) =>
    (['addresses', 'notReadyAddresses'] as const).flatMap((list) =>
      (subset[list] ?? []).flatMap(({ ip }, j) => ipWarnings(ip, `subsets[${i}].${list}[${j}].ip`)),
    ),
  )
}
