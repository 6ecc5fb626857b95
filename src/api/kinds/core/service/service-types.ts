import type { Service, ServiceSpec } from '../../../../apimachinery/kinds.generated.ts'

/** What a Service of its type has: the fields that go when the type changes (pkg/registry/core/service strategy). */
type Spec = Readonly<ServiceSpec>

export const needsClusterIP = (spec: Spec): boolean => spec.type !== 'ExternalName'
export const needsNodePort = (spec: Spec): boolean => spec.type === 'NodePort' || spec.type === 'LoadBalancer'
export const needsHealthCheckNodePort = (spec: Spec): boolean =>
  spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'
export const isExternallyAccessible = (spec: Spec): boolean =>
  spec.type === 'LoadBalancer' || spec.type === 'NodePort' || (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0)

const sameList = (a: readonly unknown[] = [], b: readonly unknown[] = []): boolean =>
  a.length === b.length && a.every((item, i) => item === b[i])

const nodePorts = (spec: Spec): number[] => (spec.ports ?? []).flatMap((p) => (p.nodePort ? [p.nodePort] : []))
const addsNodePorts = (old: Spec, spec: Spec): boolean => {
  const had = new Set(nodePorts(old))
  return nodePorts(spec).some((port) => !had.has(port))
}

/** On an update that changes the type: wipes what no longer applies and the client did not touch. */
export function dropTypeDependentFields(service: Service, { spec: old }: Service): void {
  const spec = service.spec
  if (!spec || !old) return
  if (needsClusterIP(old) && !needsClusterIP(spec)) dropAddresses(spec, old)
  if (needsNodePort(old) && !needsNodePort(spec) && !addsNodePorts(old, spec)) {
    for (const port of spec.ports ?? []) delete port.nodePort
  }
  if (needsHealthCheckNodePort(old) && !needsHealthCheckNodePort(spec) && old.healthCheckNodePort === spec.healthCheckNodePort) {
    delete spec.healthCheckNodePort
  }
  if (old.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    if (old.allocateLoadBalancerNodePorts === spec.allocateLoadBalancerNodePorts) delete spec.allocateLoadBalancerNodePorts
    if (old.loadBalancerClass === spec.loadBalancerClass) delete spec.loadBalancerClass
  }
  const lostAccess = isExternallyAccessible(old) && !isExternallyAccessible(spec)
  if (lostAccess && old.externalTrafficPolicy === spec.externalTrafficPolicy) delete spec.externalTrafficPolicy
  if (spec.type !== 'LoadBalancer') service.status = { ...service.status, loadBalancer: {} }
}

function dropAddresses(spec: ServiceSpec, old: Spec): void {
  if ((spec.clusterIP ?? '') === (old.clusterIP ?? '') && sameList(spec.clusterIPs, old.clusterIPs)) {
    delete spec.clusterIP
    delete spec.clusterIPs
  }
  if (sameList(spec.ipFamilies, old.ipFamilies)) delete spec.ipFamilies
  if (spec.ipFamilyPolicy === old.ipFamilyPolicy) delete spec.ipFamilyPolicy
}

/** An update keeps what was allocated where the client does not say otherwise (patchAllocatedValues). */
export function keepAllocated(service: Service, { spec: old }: Service): void {
  const spec = service.spec
  if (!spec || !old) return
  if (needsClusterIP(old) && needsClusterIP(spec)) {
    if (!spec.clusterIP && old.clusterIP) spec.clusterIP = old.clusterIP
    if (!spec.clusterIPs?.length && old.clusterIPs) spec.clusterIPs = [...old.clusterIPs]
  }
  if (needsNodePort(old) && needsNodePort(spec)) keepNodePorts(spec, old)
  const both = needsHealthCheckNodePort(old) && needsHealthCheckNodePort(spec)
  if (both && !spec.healthCheckNodePort && old.healthCheckNodePort) spec.healthCheckNodePort = old.healthCheckNodePort
}

function keepNodePorts(spec: ServiceSpec, old: Spec): void {
  const now = new Set(nodePorts(spec))
  const byName = new Map((old.ports ?? []).map((p) => [p.name ?? '', p.nodePort]))
  for (const port of spec.ports ?? []) {
    const before = byName.get(port.name ?? '')
    if (!port.nodePort && before && !now.has(before)) port.nodePort = before
  }
}

/** clusterIP and clusterIPs say the same, whichever of them a client knows (normalizeClusterIPs). */
export function normalizeClusterIps(service: Service, old?: Service): void {
  const spec = service.spec
  if (!spec) return
  const before = old?.spec
  if (!before) {
    if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP]
    return
  }
  const same = (before.clusterIP ?? '') === (spec.clusterIP ?? '')
  if (before.clusterIPs?.length && !spec.clusterIPs?.length && same) spec.clusterIPs = [...before.clusterIPs]
  if (same || !sameList(before.clusterIPs, spec.clusterIPs)) return
  if (spec.clusterIP) spec.clusterIPs = [spec.clusterIP]
  else delete spec.clusterIPs
}
