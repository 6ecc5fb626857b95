import { type FieldError, invalid, required } from '../../../apimachinery/field-error.ts'
import type { ServiceCIDR } from '../../../apimachinery/kinds.generated.ts'
import { type Errors, immutableText, pushInvalid } from '../errors.ts'
import { parseCidr, strictCidrProblems } from '../ip.ts'
import type { KindContext } from '../kind.ts'

const at = 'spec.cidrs'

export function validateServiceCIDR({ spec }: ServiceCIDR): FieldError[] {
  const errors: Errors = []
  const cidrs = spec?.cidrs ?? []
  if (cidrs.length === 0) errors.push(required(at, 'at least one CIDR required'))
  else if (cidrs.length > 2) errors.push(invalid(at, { CIDRs: cidrs }, 'may only hold up to 2 values'))
  else {
    for (const [i, cidr] of cidrs.entries()) pushInvalid(errors, `${at}[${i}]`, cidr, strictCidrProblems(cidr))
    const [a, b] = cidrs.map((cidr) => parseCidr(cidr)?.address.family)
    if (cidrs.length === 2 && a !== undefined && a === b) {
      const text = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64'
      errors.push(invalid(at, cidrs, text))
    }
  }
  return errors
}

export function validateServiceCIDRUpdate(now: ServiceCIDR, old: ServiceCIDR, { subresource }: KindContext): FieldError[] {
  const errors: Errors = []
  if (subresource === 'status') return errors
  const cidrs = now.spec?.cidrs ?? []
  const before = old.spec?.cidrs ?? []
  const adds = before.length === 1 && cidrs.length === 2
  if (before.length !== cidrs.length && !adds) errors.push(invalid(at, now.spec?.cidrs ?? null, immutableText))
  else {
    for (const [i, cidr] of before.entries()) {
      if (cidr !== cidrs[i]) errors.push(invalid(`${at}[${i}]`, cidrs[i], immutableText))
    }
    if (adds) errors.push(...validateServiceCIDR(now))
  }
  return errors
}
