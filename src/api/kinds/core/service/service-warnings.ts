import type { Service } from '../../../../apimachinery/kinds.generated.ts'
import { cidrWarnings, ipWarnings } from '../../ip.ts'

export function serviceWarnings(
  { spec, status }: Service,
  _old: unknown,
  { subresource }: { readonly subresource: string },
): string[] {
  if (subresource === 'status') {
    const at = 'status.loadBalancer.ingress'
    return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }, i) => (ip ? ipWarnings(ip, `${at}[${i}]`) : []))
  }
  if (!spec || subresource !== '') return []
  const warnings: string[] = []
  const isHeadless = spec.type === 'ClusterIP' && spec.clusterIP === 'None'
  const isExternal = spec.type === 'ExternalName'
  const externalIPs = spec.externalIPs ?? []
  if (!isHeadless) {
    for (const [i, ip] of (spec.clusterIPs ?? []).entries()) warnings.push(...ipWarnings(ip, `spec.clusterIPs[${i}]`))
  } else {
    if (spec.loadBalancerIP) warnings.push('spec.loadBalancerIP is ignored for headless services')
    if (externalIPs.length > 0) warnings.push('spec.externalIPs is ignored for headless services')
    if (spec.sessionAffinity !== 'None') warnings.push('spec.SessionAffinity is ignored for headless services')
  }
  for (const [i, ip] of externalIPs.entries()) warnings.push(...ipWarnings(ip, `spec.externalIPs[${i}]`))
  if (externalIPs.length > 0 && !isHeadless && !isExternal) {
    warnings.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters')
  }
  if (spec.loadBalancerIP) warnings.push(...ipWarnings(spec.loadBalancerIP, 'spec.loadBalancerIP'))
  for (const [i, cidr] of (spec.loadBalancerSourceRanges ?? []).entries()) {
    warnings.push(...cidrWarnings(cidr, `spec.loadBalancerSourceRanges[${i}]`))
  }
  if (isExternal && externalIPs.length > 0) warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"')
  if (!isExternal && spec.externalName) warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"')
  if (spec.trafficDistribution === 'PreferClose') {
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"')
  }
  return warnings
}
