import { type FieldError, invalid } from '../../apimachinery/field-error.ts'
import type { ServiceSpec } from '../../apimachinery/kinds.generated.ts'
import { validateAddresses } from '../kinds/core/service/service-addresses.ts'
import { needsClusterIP } from '../kinds/core/service/service-types.ts'

type Spec = Readonly<ServiceSpec>

export const isHeadless = (spec: Spec): boolean => spec.clusterIP === 'None' || spec.clusterIPs?.[0] === 'None'
const isWithoutPods = (spec: Spec): boolean => spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0
const same = (a: readonly string[] = [], b: readonly string[] = []) => a.length === b.length && a.every((x, i) => x === b[i])
const isReduced = (now: readonly string[] = [], before: readonly string[] = []) => now.length > 0 && now.length < before.length

/**
 * ipFamilyPolicy and ipFamilies of a Service on a cluster with IPv4 alone; before anything else of it is judged, which is told only when nothing
 * is wrong here (pkg/registry/core/service/storage initIPFamilyFields).
 */
export function settleFamilies(spec: ServiceSpec, old: Spec | undefined): FieldError[] {
  if (!needsClusterIP(spec)) return []
  const keepsBoth = spec.ipFamilyPolicy === 'PreferDualStack' && old?.ipFamilyPolicy === 'PreferDualStack'
  if (keepsBoth && same(spec.clusterIPs, old?.clusterIPs) && same(spec.ipFamilies, old?.ipFamilies)) return []
  spec.ipFamilyPolicy ??= old?.ipFamilyPolicy ?? (isWithoutPods(spec) ? 'RequireDualStack' : 'SingleStack')
  const errors: FieldError[] = []
  validateAddresses(spec, old, errors)
  if (errors.length > 0) return errors
  if (old) errors.push(...releaseSecond(spec, old))
  errors.push(...unfitting(spec), ...inferFamilies(spec))
  if (errors.length > 0) return errors
  if (isWithoutPods(spec)) {
    addOtherFamily(spec)
    return []
  }
  errors.push(...unavailable(spec))
  if (errors.length === 0 && !spec.ipFamilies?.length) spec.ipFamilies = ['IPv4']
  return errors
}

/** The policy alone may release the second address and family; to leave them out does not. */
function releaseSecond(spec: ServiceSpec, old: Spec): FieldError[] {
  if (spec.ipFamilyPolicy === 'SingleStack') {
    if (same(spec.clusterIPs, old.clusterIPs)) spec.clusterIPs &&= spec.clusterIPs.slice(0, 1)
    if (same(spec.ipFamilies, old.ipFamilies)) spec.ipFamilies &&= spec.ipFamilies.slice(0, 1)
    return []
  }
  const refuse = (what: string) =>
    invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy, `must be 'SingleStack' to release the secondary ${what}`)
  return [
    ...(isReduced(spec.clusterIPs, old.clusterIPs) ? [refuse('cluster IP')] : []),
    ...(isReduced(spec.ipFamilies, old.ipFamilies) ? [refuse('IP family')] : []),
  ]
}

function unfitting({ ipFamilyPolicy, clusterIPs, ipFamilies }: Spec): FieldError[] {
  if (ipFamilyPolicy !== 'SingleStack') return []
  const refuse = (what: string) =>
    invalid(
      'spec.ipFamilyPolicy',
      ipFamilyPolicy,
      `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`,
    )
  return [
    ...(clusterIPs?.length === 2 ? [refuse('cluster IPs')] : []),
    ...(ipFamilies?.length === 2 ? [refuse('IP families')] : []),
  ]
}

/** Addresses say of which families they are. */
function inferFamilies(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = []
  for (const [i, ip] of (isHeadless(spec) ? [] : (spec.clusterIPs ?? [])).entries()) {
    if (i < (spec.ipFamilies?.length ?? 0)) continue
    if (ip.includes(':')) errors.push(invalid(`spec.clusterIPs[${i}]`, spec.clusterIPs, 'IPv6 is not configured on this cluster'))
    else spec.ipFamilies = [...(spec.ipFamilies ?? []), 'IPv4']
  }
  return errors
}

/** A headless Service without pods may have families that the cluster has not. */
function addOtherFamily(spec: ServiceSpec): void {
  const families: NonNullable<ServiceSpec['ipFamilies']> = spec.ipFamilies?.length ? spec.ipFamilies : ['IPv4']
  const isAlone = families.length < 2 && spec.ipFamilyPolicy !== 'SingleStack'
  spec.ipFamilies = isAlone ? [...families, families[0] === 'IPv4' ? 'IPv6' : 'IPv4'] : families
}

function unavailable({ ipFamilyPolicy, ipFamilies }: Spec): FieldError[] {
  const text = 'this cluster is not configured for dual-stack services'
  return [
    ...(ipFamilyPolicy === 'RequireDualStack' ? [invalid('spec.ipFamilyPolicy', ipFamilyPolicy, text)] : []),
    ...(ipFamilies ?? []).flatMap((family, i) =>
      family === 'IPv4' ? [] : [invalid(`spec.ipFamilies[${i}]`, family, 'not configured on this cluster')],
    ),
  ]
}
