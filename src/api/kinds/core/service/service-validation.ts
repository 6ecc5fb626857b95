import { duplicate, type FieldError, forbiddenField, invalid, required } from '../../../../apimachinery/field-error.ts'
import type { Service, ServicePort, ServiceSpec } from '../../../../apimachinery/kinds.generated.ts'
import { isDns1123Subdomain, isPortNumber } from '../../../../apimachinery/names.ts'
import {
  checkChoice,
  checkLabel,
  checkQualifiedName,
  checkSubdomain,
  checkSupported,
  type Errors,
  pushInvalid,
} from '../../errors.ts'
import { checkLegacyCidr, checkLegacyIp, parseIp } from '../../ip.ts'
import type { KindContext } from '../../kind.ts'
import { validateLabels } from '../../meta.ts'
import { validatePort } from '../../pod-spec/probes.ts'
import { checkEndpointIp, protocols } from '../endpoints-validation.ts'
import { isHeadless, validateAddressChange, validateAddresses } from './service-addresses.ts'
import { isExternallyAccessible, needsHealthCheckNodePort, needsNodePort } from './service-types.ts'

const sourceRanges = 'service.beta.kubernetes.io/load-balancer-source-ranges'
const topologyMode = 'service.kubernetes.io/topology-mode'
const topologyHints = 'service.kubernetes.io/topology-aware-hints'

function validateTypeFields(spec: ServiceSpec, errors: Errors): void {
  const { type } = spec
  if (!spec.ports?.length && !isHeadless(spec) && type !== 'ExternalName') errors.push(required('spec.ports'))
  if (type === 'LoadBalancer' || type === 'NodePort') {
    if (isHeadless(spec)) errors.push(invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`))
  }
  if (type !== 'ExternalName') return
  const text = 'may not be set for ExternalName services'
  if (spec.clusterIPs?.length) errors.push(forbiddenField('spec.clusterIPs', text))
  if (spec.ipFamilies?.length) errors.push(forbiddenField('spec.ipFamilies', text))
  if (spec.ipFamilyPolicy != null) errors.push(forbiddenField('spec.ipFamilyPolicy', text))
  const name = (spec.externalName ?? '').replace(/\.$/, '')
  if (name === '') errors.push(required('spec.externalName'))
  else checkSubdomain(name, 'spec.externalName', errors)
}

function validatePorts(spec: ServiceSpec, errors: Errors): void {
  const ports = spec.ports ?? []
  const names = new Set<string>()
  ports.forEach(({ name, port = 0, protocol, targetPort, appProtocol }, i) => {
    const at = `spec.ports[${i}]`
    if (name) {
      checkLabel(name, `${at}.name`, errors)
      if (names.has(name)) errors.push(duplicate(`${at}.name`, name))
      names.add(name)
    } else if (ports.length > 1) errors.push(required(`${at}.name`))
    pushInvalid(errors, `${at}.port`, port, isPortNumber(port))
    checkChoice(protocol, protocols, `${at}.protocol`, errors)
    validatePort(targetPort, `${at}.targetPort`, errors)
    if (appProtocol != null) checkQualifiedName(appProtocol, `${at}.appProtocol`, errors)
  })
}

function validateUniquePorts(spec: ServiceSpec, errors: Errors): void {
  const nodePorts = new Set<string>()
  const ports = new Set<string>()
  spec.ports?.forEach(({ nodePort, protocol, port }, i) => {
    const at = `spec.ports[${i}]`
    if (nodePort && spec.type === 'ClusterIP') {
      errors.push(forbiddenField(`${at}.nodePort`, "may not be used when `type` is 'ClusterIP'"))
    }
    if (nodePort) {
      if (nodePorts.has(`${protocol}/${nodePort}`)) errors.push(duplicate(`${at}.nodePort`, nodePort))
      nodePorts.add(`${protocol}/${nodePort}`)
    }
    const key = `${protocol}/${port}`
    if (ports.has(key)) errors.push(duplicate(at, goPort({ protocol: protocol ?? 'TCP', port })))
    ports.add(key)
  })
}

/** As Go writes its internal ServicePort. */
const goPort = ({ protocol, port }: Pick<ServicePort, 'protocol' | 'port'>): object => ({
  Name: '',
  Protocol: protocol,
  AppProtocol: null,
  Port: port,
  TargetPort: 0,
  NodePort: 0,
})

const longestAffinity = 86400

function validateAffinity(spec: ServiceSpec, errors: Errors): void {
  checkChoice(spec.sessionAffinity, ['ClientIP', 'None'], 'spec.sessionAffinity', errors)
  const config = spec.sessionAffinityConfig
  const at = 'spec.sessionAffinityConfig'
  const text = 'when session affinity type is ClientIP'
  if (spec.sessionAffinity === 'None' && config) {
    errors.push(forbiddenField(at, 'must not be set when session affinity is None'))
  }
  if (spec.sessionAffinity !== 'ClientIP') return
  const seconds = config?.clientIP?.timeoutSeconds
  if (!config) errors.push(required(at, text))
  else if (!config.clientIP) errors.push(required(`${at}.clientIP`, text))
  else if (seconds == null) errors.push(required(`${at}.clientIP.timeoutSeconds`, text))
  else if (seconds <= 0 || seconds > longestAffinity) {
    errors.push(invalid(`${at}.clientIP.timeoutSeconds`, seconds, `must be greater than 0 and less than ${longestAffinity}`))
  }
}

function validateSourceRanges(service: Service, old: Service | undefined, errors: Errors): void {
  const { spec, metadata } = service
  const ranges = spec?.loadBalancerSourceRanges ?? []
  const annotation = metadata.annotations?.[sourceRanges]
  const isLoadBalancer = spec?.type === 'LoadBalancer'
  if (ranges.length > 0) {
    const at = 'spec.LoadBalancerSourceRanges'
    if (!isLoadBalancer) errors.push(forbiddenField(at, onlyLoadBalancer))
    const known = new Set(old?.spec?.loadBalancerSourceRanges?.map((r) => r.trim()))
    for (const [i, range] of ranges.entries()) checkLegacyCidr(range.trim(), `${at}[${i}]`, errors, known)
  } else if (annotation !== undefined) {
    const at = `metadata.annotations[${sourceRanges}]`
    if (!isLoadBalancer) errors.push(forbiddenField(at, onlyLoadBalancer))
    if (old?.metadata.annotations?.[sourceRanges] === annotation || annotation.trim() === '') return
    for (const range of annotation.split(',')) checkLegacyCidr(range.trim(), at, errors)
  }
}

function validateTraffic(spec: ServiceSpec, errors: Errors): void {
  const external = spec.externalTrafficPolicy
  const at = 'spec.externalTrafficPolicy'
  if (isExternallyAccessible(spec)) checkChoice(external, ['Cluster', 'Local'], at, errors)
  else if (external) errors.push(invalid(at, external, 'may only be set for externally-accessible services'))
  const port = spec.healthCheckNodePort ?? 0
  const path = 'spec.healthCheckNodePort'
  if (!needsHealthCheckNodePort(spec)) {
    const text = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
    if (port !== 0) errors.push(invalid(path, port, text))
  } else if (port === 0) errors.push(required(path))
  else pushInvalid(errors, path, port, isPortNumber(port))
  const internal = spec.internalTrafficPolicy
  if (internal == null) {
    const isKnown = spec.type === 'ClusterIP' || needsNodePort(spec)
    if (isKnown) errors.push(required('spec.internalTrafficPolicy'))
  } else checkSupported(internal, ['Cluster', 'Local'], 'spec.internalTrafficPolicy', errors)
  const distribution = spec.trafficDistribution
  const known = ['PreferClose', 'PreferSameZone', 'PreferSameNode']
  if (distribution != null) checkSupported(distribution, known, 'spec.trafficDistribution', errors)
}

const onlyLoadBalancer = "may only be used when `type` is 'LoadBalancer'"

function validateLoadBalancer(spec: ServiceSpec, errors: Errors): void {
  const isLoadBalancer = spec.type === 'LoadBalancer'
  if (spec.allocateLoadBalancerNodePorts != null && !isLoadBalancer) {
    errors.push(forbiddenField('spec.allocateLoadBalancerNodePorts', onlyLoadBalancer))
  }
  if (isLoadBalancer && spec.allocateLoadBalancerNodePorts == null) errors.push(required('allocateLoadBalancerNodePorts'))
  validateLoadBalancerClass(spec, errors)
}

function validateLoadBalancerClass({ type, loadBalancerClass: name }: ServiceSpec, errors: Errors): void {
  if (name == null) return
  if (type === 'LoadBalancer') checkQualifiedName(name, 'spec.loadBalancerClass', errors)
  else errors.push(forbiddenField('spec.loadBalancerClass', onlyLoadBalancer))
}

function validateBoth(service: Service, old: Service | undefined, errors: Errors): void {
  const { spec, metadata } = service
  if (!spec) return
  const mode = metadata.annotations?.[topologyMode]
  const hints = metadata.annotations?.[topologyHints]
  if (mode !== undefined && hints !== undefined && mode !== hints) {
    const text = `must match annotations[${topologyHints}] when both are specified`
    errors.push(invalid(`metadata.annotations[${topologyMode}]`, mode, text))
  }
  validateTypeFields(spec, errors)
  validatePorts(spec, errors)
  if (spec.selector) validateLabels(spec.selector, 'spec.selector', errors)
  validateAffinity(spec, errors)
  validateAddresses(spec, old?.spec, errors)
  spec.externalIPs?.forEach((ip, i) => {
    const at = `spec.externalIPs[${i}]`
    const count = errors.length
    checkLegacyIp(ip, at, errors, old?.spec?.externalIPs)
    if (errors.length === count) checkEndpointIp(ip, at, errors)
  })
  checkChoice(spec.type, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'], 'spec.type', errors)
  validateUniquePorts(spec, errors)
  validateSourceRanges(service, old, errors)
  validateLoadBalancer(spec, errors)
  validateTraffic(spec, errors)
}

export function validateService(service: Service): FieldError[] {
  const errors: Errors = []
  validateBoth(service, undefined, errors)
  return errors
}

export function validateServiceUpdate(service: Service, old: Service, { subresource }: KindContext): FieldError[] {
  const errors: Errors = []
  const { spec } = service
  const before = old.spec
  if (!spec || !before) return errors
  if (subresource === 'status') {
    validateLoadBalancerStatus(service, old, errors)
    return errors
  }
  validateAddressChange(spec, before, errors)
  if (spec.type === 'LoadBalancer' && before.type === 'LoadBalancer' && spec.loadBalancerClass !== before.loadBalancerClass) {
    errors.push(invalid('spec.loadBalancerClass', spec.loadBalancerClass ?? null, 'may not change once set'))
  }
  validateLoadBalancerClass(spec, errors)
  const keepsPort = needsHealthCheckNodePort(before) && needsHealthCheckNodePort(spec)
  if (keepsPort && spec.healthCheckNodePort !== before.healthCheckNodePort) {
    errors.push(forbiddenField('spec.healthCheckNodePort', 'field is immutable'))
  }
  validateBoth(service, old, errors)
  return errors
}

function validateLoadBalancerStatus({ status, spec }: Service, old: Service, errors: Errors): void {
  const at = 'status.loadBalancer.ingress'
  const ingress = status?.loadBalancer?.ingress ?? []
  if (spec?.type !== 'LoadBalancer' && ingress.length > 0) {
    errors.push(forbiddenField(at, "may only be used when `spec.type` is 'LoadBalancer'"))
    return
  }
  const known = old.status?.loadBalancer?.ingress?.map((i) => i.ip)
  ingress.forEach(({ ip, hostname, ipMode }, i) => {
    const path = `${at}[${i}]`
    if (ip) checkLegacyIp(ip, `${path}.ip`, errors, known)
    if (ipMode == null) {
      if (ip) errors.push(required(`${path}.ipMode`, 'must be specified when `ip` is set'))
    } else if (!ip) errors.push(forbiddenField(`${path}.ipMode`, 'may not be specified when `ip` is not set'))
    else checkSupported(ipMode, ['Proxy', 'VIP'], `${path}.ipMode`, errors)
    if (!hostname) return
    pushInvalid(errors, `${path}.hostname`, hostname, isDns1123Subdomain(hostname))
    if (parseIp(hostname)) errors.push(invalid(`${path}.hostname`, hostname, 'must be a DNS name, not an IP address'))
  })
}
