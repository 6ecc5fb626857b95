import { duplicate, invalid, required } from '../../../../apimachinery/field-error.ts'
import type { ServiceSpec } from '../../../../apimachinery/kinds.generated.ts'
import { checkSupported, type Errors } from '../../errors.ts'
import { checkLegacyIp, parseIp } from '../../ip.ts'

/** clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy: how they fit each other, and how they may change. */

export const isHeadless = (spec: ServiceSpec): boolean => spec.clusterIPs?.length === 1 && spec.clusterIPs[0] === 'None'

const familyOf = (ip: string): string => (parseIp(ip)?.family === 6 ? 'IPv6' : 'IPv4')
const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack']

export function validateAddresses(spec: ServiceSpec, old: ServiceSpec | undefined, errors: Errors): void {
  if (spec.type === 'ExternalName') return
  const at = 'spec.clusterIPs'
  const { clusterIP, clusterIPs: ips = [], ipFamilies: families = [] } = spec
  if (clusterIP) {
    if (ips.length === 0) errors.push(required(at))
    else if (ips[0] !== clusterIP) errors.push(invalid(at, ips, 'first value must match `clusterIP`'))
  } else if (ips.length > 0) errors.push(invalid(at, ips, 'must be empty when `clusterIP` is not specified'))
  const seen = new Set<string>()
  families.forEach((family, i) => {
    checkSupported(family, ['IPv4', 'IPv6'], `spec.ipFamilies[${i}]`, errors)
    if (seen.has(family)) errors.push(duplicate(`spec.ipFamilies[${i}]`, family))
    seen.add(family)
  })
  if (spec.ipFamilyPolicy != null) checkSupported(spec.ipFamilyPolicy, policies, 'spec.ipFamilyPolicy', errors)
  if (!validateIps(ips, old, errors)) return
  if (ips.length > 1 && new Set(ips.map(familyOf)).size < 2) {
    errors.push(invalid(at, ips, 'may specify no more than one IP for each IP family'))
  }
  if (isHeadless(spec)) return
  ips.slice(0, families.length).forEach((ip, i) => {
    const family = families[i]
    if (family !== (familyOf(ip) === 'IPv4' ? 'IPv6' : 'IPv4')) return
    errors.push(invalid(`${at}[${i}]`, ip, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``))
  })
}

/** Whether all are addresses, or the only one is `None`. */
function validateIps(ips: readonly string[], old: ServiceSpec | undefined, errors: Errors): boolean {
  const at = 'spec.clusterIPs'
  const count = errors.length
  ips.forEach((ip, i) => {
    if (i === 0 && ip === 'None') {
      if (ips.length > 1) errors.push(invalid(at, ips, "'None' must be the first and only value"))
    } else checkLegacyIp(ip, `${at}[${i}]`, errors, old?.clusterIPs)
  })
  const ok = errors.length === count
  if (ips.length > 2) errors.push(invalid(at, ips, 'may only hold up to 2 values'))
  return ok
}

const once = 'may not change once set'

export function validateAddressChange(spec: ServiceSpec, old: ServiceSpec, errors: Errors): void {
  if (spec.type === 'ExternalName' || old.type === 'ExternalName') return
  if (!isHeadless(spec) || !isHeadless(old)) validateIpChange(spec, old, errors)
  if (!isHeadless(spec) && !isHeadless(old)) validateFamilyChange(spec, old, errors)
}

function validateIpChange(spec: ServiceSpec, old: ServiceSpec, errors: Errors): void {
  const now = spec.clusterIPs ?? []
  const before = old.clusterIPs ?? []
  if (now.length === before.length) {
    before.forEach((ip, i) => {
      if (ip !== now[i]) errors.push(invalid(`spec.clusterIPs[${i}]`, now, once))
    })
    return
  }
  if (now.length === 0) errors.push(invalid('spec.clusterIPs[0]', now, 'primary clusterIP can not be unset'))
  else if (before.length > 0 && now[0] !== before[0]) errors.push(invalid('spec.clusterIPs[0]', now, once))
  if (before.length > now.length && now.length === 1 && spec.ipFamilyPolicy !== 'SingleStack') {
    const text = "must be set to 'SingleStack' when releasing the secondary clusterIP"
    errors.push(invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy ?? null, text))
  }
}

function validateFamilyChange(spec: ServiceSpec, old: ServiceSpec, errors: Errors): void {
  const now = spec.ipFamilies ?? []
  const before = old.ipFamilies ?? []
  const at = 'spec.ipFamilies[0]'
  if (now.length === before.length) {
    before.forEach((family, i) => {
      if (family !== now[i]) errors.push(invalid(at, now, once))
    })
    return
  }
  if (before.length > now.length && !spec.clusterIPs?.length) errors.push(invalid(at, now, 'primary ipFamily can not be unset'))
  if (now.length > 0 && before.length > 0 && now[0] !== before[0]) errors.push(invalid(at, spec.clusterIPs ?? null, once))
  if (before.length > now.length && now.length === 1 && spec.ipFamilyPolicy !== 'SingleStack') {
    const text = "must be set to 'SingleStack' when releasing the secondary ipFamily"
    errors.push(invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy ?? null, text))
  }
}
