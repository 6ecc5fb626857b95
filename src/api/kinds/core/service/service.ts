import type { Service, ServiceSpec, ServiceStatus } from '../../../../apimachinery/kinds.generated.ts'
import { isDns1123Label } from '../../../../apimachinery/names.ts'
import { kind } from '../../kind.ts'
import { dropStatus, keepOther } from '../../status.ts'
import { age, labelsText } from '../../table.ts'
import { dropTypeDependentFields, isExternallyAccessible, keepAllocated, normalizeClusterIps } from './service-types.ts'
import { validateService, validateServiceUpdate } from './service-validation.ts'
import { serviceWarnings } from './service-warnings.ts'

const isNodeType = (type: string | undefined) => type === 'NodePort' || type === 'LoadBalancer' || type === 'ClusterIP'

function defaultSpec(spec: ServiceSpec): void {
  if (!spec.sessionAffinity) spec.sessionAffinity = 'None'
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig
  if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds == null) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: 10800 } }
  }
  if (!spec.type) spec.type = 'ClusterIP'
  for (const port of spec.ports ?? []) {
    if (!port.protocol) port.protocol = 'TCP'
    if (!port.targetPort) port.targetPort = port.port ?? 0
  }
  if (isExternallyAccessible(spec) && !spec.externalTrafficPolicy) spec.externalTrafficPolicy = 'Cluster'
  if (isNodeType(spec.type)) spec.internalTrafficPolicy ??= 'Cluster'
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true
}

function defaultService({ spec, status }: Service): void {
  if (!spec) return
  defaultSpec(spec)
  if (spec.type !== 'LoadBalancer') return
  for (const ingress of status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP'
}

/** The addresses or host names of a load balancer, in order of text. */
function loadBalancerAddresses(status: ServiceStatus['loadBalancer']): string[] {
  const all = (status?.ingress ?? []).map((i) => i.ip || i.hostname || '')
  return [...new Set(all.filter((text) => text !== ''))].sort()
}

function externalCell({ spec, status }: Service): string {
  const external = spec?.externalIPs ?? []
  switch (spec?.type) {
    case 'ClusterIP':
    case 'NodePort':
      return external.join(',') || '<none>'
    case 'LoadBalancer':
      return [...loadBalancerAddresses(status?.loadBalancer), ...external].join(',') || '<pending>'
    case 'ExternalName':
      return spec.externalName ?? ''
    default:
      return '<unknown>'
  }
}

function portsCell(spec: ServiceSpec | undefined): string {
  const ports = (spec?.ports ?? []).map((p) => (p.nodePort ? `${p.port}:${p.nodePort}/${p.protocol}` : `${p.port}/${p.protocol}`))
  return ports.join(',') || '<none>'
}

/** A Service without addresses has no internal traffic, though the field was once defaulted for all. */
function dropUnusedPolicy({ spec }: Service): void {
  const policy = spec?.internalTrafficPolicy
  if (spec?.type === 'ExternalName' && (policy === 'Cluster' || policy === 'Local')) delete spec.internalTrafficPolicy
}

export const service = kind<Service>({
  gvk: 'v1/Service',
  warnings: serviceWarnings,
  specFields: [],
  allowCreateOnUpdate: true,
  createsByStatus: true,
  nameRule: isDns1123Label,
  validate: validateService,
  validateUpdate: validateServiceUpdate,
  defaults: defaultService,
  prepareForCreate: (object) => {
    dropStatus(object)
    normalizeClusterIps(object)
    dropUnusedPolicy(object)
  },
  prepareForUpdate: (object, old, context) => {
    keepOther(object, old, context)
    if (context.subresource !== '') return
    keepAllocated(object, old)
    normalizeClusterIps(object, old)
    dropTypeDependentFields(object, old)
    dropUnusedPolicy(object)
  },
  cells: (object, now) => [
    object.metadata.name,
    object.spec?.type ?? '',
    object.spec?.clusterIPs?.[0] ?? '<none>',
    externalCell(object),
    portsCell(object.spec),
    age(object, now),
    labelsText(object.spec?.selector),
  ],
  selectableFields: {
    'spec.clusterIP': (object) => object.spec?.clusterIP ?? '',
    'spec.type': (object) => object.spec?.type ?? '',
  },
})
