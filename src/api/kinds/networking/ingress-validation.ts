import { type FieldError, invalid, required } from '../../../apimachinery/field-error.ts'
import type { HTTPIngressPath, Ingress, IngressBackend, IngressRule, IngressTLS } from '../../../apimachinery/kinds.generated.ts'
import {
  isDns1123Label,
  isDns1123Subdomain,
  isPortName,
  isPortNumber,
  isWildcardDns1123Subdomain,
} from '../../../apimachinery/names.ts'
import { checkSubdomain, checkSupported, type Errors, pushInvalid, requireText } from '../errors.ts'
import { checkLegacyIp, ipWarnings, parseIp } from '../ip.ts'
import type { KindContext } from '../kind.ts'
import { validateReference } from './references.ts'

const notAnIpText = 'must be a DNS name, not an IP address'

function checkHost(host: string, at: string, errors: Errors): void {
  pushInvalid(errors, at, host, host.includes('*') ? isWildcardDns1123Subdomain(host) : isDns1123Subdomain(host))
}

function validateBackend({ resource, service }: IngressBackend, at: string, errors: Errors): void {
  if (resource && service) errors.push(invalid(at, '', 'cannot set both resource and service backends'))
  else if (resource) validateReference(resource, `${at}.resource`, errors)
  else if (!service) errors.push(invalid(at, '', 'resource or service backend is required'))
  else {
    const name = `${at}.service.name`
    if (requireText(service.name, name, errors)) pushInvalid(errors, name, service.name, isDns1123Label(service.name))
    const port = service.port ?? {}
    if (port.name && port.number) errors.push(invalid(at, '', 'cannot set both port name & port number'))
    else if (port.name) pushInvalid(errors, `${at}.service.port.name`, port.name, isPortName(port.name))
    else if (port.number) pushInvalid(errors, `${at}.service.port.number`, port.number, isPortNumber(port.number))
    else errors.push(required(at, 'port name or number is required'))
  }
}

const badSequences = ['//', '/./', '/../', '%2f', '%2F']
const badEnds = ['/..', '/.']

function validatePath({ path = '', pathType, backend }: HTTPIngressPath, at: string, errors: Errors): void {
  if (pathType == null) {
    errors.push(required(`${at}.pathType`, 'pathType must be specified'))
    return
  }
  const exact = pathType === 'Exact' || pathType === 'Prefix'
  checkSupported(pathType, ['Exact', 'ImplementationSpecific', 'Prefix'], `${at}.pathType`, errors)
  if (exact || (pathType === 'ImplementationSpecific' && path)) {
    if (!path.startsWith('/')) errors.push(invalid(`${at}.path`, path, 'must be an absolute path'))
  }
  if (exact) {
    for (const bad of badSequences) {
      if (path.includes(bad)) errors.push(invalid(`${at}.path`, path, `must not contain '${bad}'`))
    }
    for (const bad of badEnds) if (path.endsWith(bad)) errors.push(invalid(`${at}.path`, path, `cannot end with '${bad}'`))
  }
  validateBackend(backend ?? {}, `${at}.backend`, errors)
}

function validateHttp({ http }: IngressRule, at: string, errors: Errors): void {
  if (!http) return
  if (!http.paths?.length) errors.push(required(`${at}.http.paths`))
  for (const [i, path] of (http.paths ?? []).entries()) validatePath(path, `${at}.http.paths[${i}]`, errors)
}

const hasProblem = (check: (errors: Errors) => void): boolean => {
  const errors: Errors = []
  check(errors)
  return errors.length > 0
}

function validateTls(list: readonly IngressTLS[], old: Ingress | undefined, errors: Errors): void {
  const anySecret = old?.spec?.tls?.some((t) => t.secretName && isDns1123Subdomain(t.secretName).length > 0) ?? false
  for (const [i, { hosts = [], secretName }] of list.entries()) {
    for (const [j, host] of hosts.entries()) checkHost(host, `spec.tls[${i}].hosts[${j}]`, errors)
    if (secretName && !anySecret) pushInvalid(errors, `spec.tls[${i}].secretName`, secretName, isDns1123Subdomain(secretName))
  }
}

function validateRules(rules: readonly IngressRule[], old: Ingress | undefined, errors: Errors): void {
  const anyWildcard = old?.spec?.rules?.some((r) => r.host?.includes('*') && hasProblem((e) => validateHttp(r, '', e))) ?? false
  for (const [i, rule] of rules.entries()) {
    const at = `spec.rules[${i}]`
    if (rule.host) {
      if (parseIp(rule.host)) errors.push(invalid(`${at}.host`, rule.host, notAnIpText))
      checkHost(rule.host, `${at}.host`, errors)
    }
    if (!rule.host?.includes('*') || !anyWildcard) validateHttp(rule, at, errors)
  }
}

function validateSpec({ spec }: Ingress, old: Ingress | undefined, errors: Errors): void {
  if (!spec?.rules?.length && !spec?.defaultBackend) {
    errors.push(invalid('spec', spec?.rules ?? null, 'either `defaultBackend` or `rules` must be specified'))
  }
  if (spec?.defaultBackend) validateBackend(spec.defaultBackend, 'spec.defaultBackend', errors)
  validateRules(spec?.rules ?? [], old, errors)
  validateTls(spec?.tls ?? [], old, errors)
  const name = spec?.ingressClassName
  if (name !== undefined) pushInvalid(errors, 'spec.ingressClassName', name, isDns1123Subdomain(name))
}

export function validateIngress(ingress: Ingress): FieldError[] {
  const errors: Errors = []
  validateSpec(ingress, undefined, errors)
  const key = 'kubernetes.io/ingress.class'
  const annotation = ingress.metadata.annotations?.[key]
  const name = ingress.spec?.ingressClassName
  if (annotation !== undefined && name !== undefined && annotation !== name) {
    errors.push(invalid(`annotations.${key}`, annotation, 'must match `ingressClassName` when both are specified'))
  }
  return errors
}

export function validateIngressUpdate(ingress: Ingress, old: Ingress, { subresource }: KindContext): FieldError[] {
  const errors: Errors = []
  if (subresource !== 'status') {
    validateSpec(ingress, old, errors)
    return errors
  }
  const known = (old.status?.loadBalancer?.ingress ?? []).map((i) => i.ip)
  for (const [i, { ip, hostname }] of (ingress.status?.loadBalancer?.ingress ?? []).entries()) {
    const at = `status.loadBalancer.ingress[${i}]`
    if (ip) checkLegacyIp(ip, `${at}.ip`, errors, known)
    if (!hostname) continue
    checkSubdomain(hostname, `${at}.hostname`, errors)
    if (parseIp(hostname)) errors.push(invalid(`${at}.hostname`, hostname, notAnIpText))
  }
  return errors
}

const oldClass = 'kubernetes.io/ingress.class'

export function ingressWarnings(
  { metadata, spec, status }: Ingress,
  old: Ingress | undefined,
  { subresource }: KindContext,
): string[] {
  if (subresource === 'status') {
    return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }, i) =>
      ip ? ipWarnings(ip, `status.loadBalancer.ingress[${i}]`) : [],
    )
  }
  if (old || metadata.annotations?.[oldClass] === undefined || spec?.ingressClassName != null) return []
  return [`annotation "${oldClass}" is deprecated, please use 'spec.ingressClassName' instead`]
}
