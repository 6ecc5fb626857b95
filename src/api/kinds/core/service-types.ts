import type { Service, ServiceSpec } from '../../../apimachinery/kinds.generated.ts'

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
