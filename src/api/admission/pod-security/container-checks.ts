import type { Container, Probe } from '../../../apimachinery/kinds.generated.ts'
import { type Check, containersOf, named, namesOf, plural, quoted, setters, sorted } from './violation.ts'

const defaultCapabilities = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(' '),
)
const added = (c: Container): string[] => c.securityContext?.capabilities?.add ?? []

export const privilegeEscalation: Check = (spec) => {
  const bad = namesOf(containersOf(spec).filter((c) => c.securityContext?.allowPrivilegeEscalation !== false))
  if (bad.length === 0) return undefined
  const detail = `${named('container', bad)} must set securityContext.allowPrivilegeEscalation=false`
  return { reason: 'allowPrivilegeEscalation != false', detail }
}

export const capabilitiesBaseline: Check = (spec) => {
  const foreign = (c: Container) => added(c).filter((name) => !defaultCapabilities.has(name))
  const bad = containersOf(spec).filter((c) => foreign(c).length > 0)
  if (bad.length === 0) return undefined
  const names = quoted(sorted(bad.flatMap(foreign)))
  const detail = `${named('container', namesOf(bad))} must not include ${names} in securityContext.capabilities.add`
  return { reason: 'non-default capabilities', detail }
}

export const capabilitiesRestricted: Check = (spec) => {
  const containers = containersOf(spec)
  const keeping = namesOf(containers.filter((c) => !c.securityContext?.capabilities?.drop?.includes('ALL')))
  const foreign = (c: Container) => added(c).filter((name) => name !== 'NET_BIND_SERVICE')
  const adding = containers.filter((c) => foreign(c).length > 0)
  const names = quoted(sorted(adding.flatMap(foreign)))
  const details = [
    ...(keeping.length > 0 ? [`${named('container', keeping)} must set securityContext.capabilities.drop=["ALL"]`] : []),
    ...(adding.length > 0
      ? [`${named('container', namesOf(adding))} must not include ${names} in securityContext.capabilities.add`]
      : []),
  ]
  return details.length > 0 ? { reason: 'unrestricted capabilities', detail: details.join('; ') } : undefined
}

export const hostPorts: Check = (spec) => {
  const portsOf = (c: Container) => (c.ports ?? []).flatMap((p) => (p.hostPort ? [String(p.hostPort)] : []))
  const bad = containersOf(spec).filter((c) => portsOf(c).length > 0)
  if (bad.length === 0) return undefined
  const ports = sorted(bad.flatMap(portsOf))
  const verb = plural('uses', bad.length, 'use')
  return {
    reason: 'hostPort',
    detail: `${named('container', namesOf(bad))} ${verb} ${plural('hostPort', ports.length)} ${ports.join(', ')}`,
  }
}

type Handler = Pick<Probe, 'httpGet' | 'tcpSocket'> | undefined

export const probeHosts: Check = (spec) => {
  const hosts = (c: Container): string[] => {
    const handlers: Handler[] = [c.livenessProbe, c.readinessProbe, c.startupProbe, c.lifecycle?.postStart, c.lifecycle?.preStop]
    return handlers.flatMap((h) => [h?.httpGet?.host ?? '', h?.tcpSocket?.host ?? '']).filter(Boolean)
  }
  const bad = containersOf(spec).filter((c) => hosts(c).length > 0)
  if (bad.length === 0) return undefined
  const names = sorted(bad.flatMap(hosts))
  const what = plural('probe or lifecycle host', names.length)
  const detail = `${named('container', sorted(namesOf(bad)))} ${plural('uses', bad.length, 'use')} ${what} ${quoted(names)}`
  return { reason: 'probe or lifecycle host', detail }
}

export const privileged: Check = (spec) => {
  const bad = namesOf(containersOf(spec).filter((c) => c.securityContext?.privileged))
  if (bad.length === 0) return undefined
  return { reason: 'privileged', detail: `${named('container', bad)} must not set securityContext.privileged=true` }
}

export const procMount: Check = (spec) => {
  const of = (c: Container): string => c.securityContext?.procMount ?? 'Default'
  const bad = containersOf(spec).filter((c) => of(c) !== 'Default')
  if (bad.length === 0) return undefined
  const detail = `${named('container', namesOf(bad))} must not set securityContext.procMount to ${quoted(sorted(bad.map(of)))}`
  return { reason: 'procMount', detail }
}

export const windowsHostProcess: Check = (spec) => {
  const bad = namesOf(containersOf(spec).filter((c) => c.securityContext?.windowsOptions?.hostProcess))
  const who = setters(spec.securityContext?.windowsOptions?.hostProcess === true, bad)
  return who
    ? { reason: 'hostProcess', detail: `${who} must not set securityContext.windowsOptions.hostProcess=true` }
    : undefined
}
