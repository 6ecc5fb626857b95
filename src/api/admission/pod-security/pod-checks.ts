import type { Container, PodSpec, SELinuxOptions, Volume } from '../../../apimachinery/kinds.generated.ts'
import { type Check, containersOf, named, namesOf, plural, quoted, setters, sorted } from './violation.ts'

export const hostNamespaces: Check = (spec) => {
  const used = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((name) => spec[name])
  return used.length > 0 ? { reason: 'host namespaces', detail: used.map((name) => `${name}=true`).join(', ') } : undefined
}

export const hostPathVolumes: Check = (spec) => {
  const bad = (spec.volumes ?? []).filter((v) => v.hostPath).map((v) => v.name)
  return bad.length > 0 ? { reason: 'hostPath volumes', detail: named('volume', bad) } : undefined
}

const allowedVolumes: readonly (keyof Volume)[] = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
]

export const restrictedVolumes: Check = (spec) => {
  const bad = (spec.volumes ?? []).filter((v) => !allowedVolumes.some((type) => v[type] !== undefined))
  if (bad.length === 0) return undefined
  const types = sorted(bad.map((v) => Object.keys(v).find((key) => key !== 'name') ?? 'unknown'))
  const what = plural('restricted volume type', types.length)
  const detail = `${named(
    'volume',
    bad.map((v) => v.name),
  )} ${plural('uses', bad.length, 'use')} ${what} ${quoted(types)}`
  return { reason: 'restricted volume types', detail }
}

const safeSysctls: readonly (readonly [minor: number, names: string])[] = [
  [
    0,
    'kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.tcp_syncookies net.ipv4.ping_group_range net.ipv4.ip_unprivileged_port_start',
  ],
  [27, 'net.ipv4.ip_local_reserved_ports'],
  [29, 'net.ipv4.tcp_keepalive_time net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes'],
  [32, 'net.ipv4.tcp_rmem net.ipv4.tcp_wmem'],
]

/** The sysctls that version 1.`minor` held for safe. */
export function sysctls(minor: number): Check {
  const safe = new Set(safeSysctls.flatMap(([from, names]) => (from <= minor ? names.split(' ') : [])))
  return (spec) => {
    const bad = (spec.securityContext?.sysctls ?? []).map((s) => s.name).filter((name) => !safe.has(name))
    return bad.length > 0 ? { reason: 'forbidden sysctls', detail: bad.join(', ') } : undefined
  }
}

export function seLinux(extraType?: string): Check {
  const types = new Set(['', 'container_t', 'container_init_t', 'container_kvm_t', ...(extraType ? [extraType] : [])])
  const isBad = (o: SELinuxOptions | undefined): boolean => o !== undefined && (!types.has(o.type ?? '') || !!o.user || !!o.role)
  return (spec) => {
    const pod = spec.securityContext?.seLinuxOptions
    const bad = containersOf(spec).filter((c) => isBad(c.securityContext?.seLinuxOptions))
    const who = setters(isBad(pod), namesOf(bad))
    if (!who) return undefined
    const options = [pod, ...bad.map((c) => c.securityContext?.seLinuxOptions)]
    const badTypes = sorted(options.flatMap((o) => (o && !types.has(o.type ?? '') ? [o.type ?? ''] : [])))
    const parts = [
      ...(badTypes.length > 0 ? [`${plural('type', badTypes.length)} ${quoted(badTypes)}`] : []),
      ...(options.some((o) => o?.user) ? ['user may not be set'] : []),
      ...(options.some((o) => o?.role) ? ['role may not be set'] : []),
    ]
    return { reason: 'seLinuxOptions', detail: `${who} set forbidden securityContext.seLinuxOptions: ${parts.join('; ')}` }
  }
}

export const appArmor: Check = (spec, metadata) => {
  const prefix = 'container.apparmor.security.beta.kubernetes.io/'
  const typeOf = (c: { securityContext?: { appArmorProfile?: { type?: string } } }): string | undefined =>
    c.securityContext?.appArmorProfile?.type
  const isBad = (type: string | undefined): boolean => type !== undefined && type !== 'RuntimeDefault' && type !== 'Localhost'
  const bad = containersOf(spec).filter((c) => isBad(typeOf(c)))
  const isAllowed = (value: string) => value === '' || value === 'runtime/default' || value.startsWith('localhost/')
  const annotations = Object.entries(metadata.annotations ?? {})
    .filter(([key, value]) => key.startsWith(prefix) && !isAllowed(value))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort()
  const pod = typeOf(spec)
  const who = [
    setters(isBad(pod), namesOf(bad)),
    annotations.length > 0 ? plural('annotation', annotations.length) : undefined,
  ].filter(Boolean)
  if (who.length === 0) return undefined
  const values = [...sorted([...(isBad(pod) ? [pod ?? ''] : []), ...bad.map((c) => typeOf(c) ?? '')]), ...annotations]
  const reason = plural('forbidden AppArmor profile', values.length)
  return { reason, detail: `${who.join(' and ')} must not set AppArmor profile type to ${quoted(values)}` }
}

const isSeccomp = (type: string | undefined): boolean => type === 'Localhost' || type === 'RuntimeDefault'
type WithSeccomp = { readonly securityContext?: { readonly seccompProfile?: { readonly type: string } } }
const seccompOf = (o: WithSeccomp): string | undefined => o.securityContext?.seccompProfile?.type

/** Before 1.19 profiles were annotations. */
export const seccompAnnotations: Check = (spec, { annotations = {} }) => {
  const domain = 'seccomp.security.alpha.kubernetes.io'
  const keys = [`${domain}/pod`, ...containersOf(spec).map((c) => `container.${domain}/${c.name}`)]
  const isAllowed = (value: string) => value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/')
  const bad = sorted(
    keys.flatMap((key) => {
      const value = annotations[key]
      return value === undefined || isAllowed(value) ? [] : [`${key}=${JSON.stringify(value)}`]
    }),
  )
  return bad.length > 0
    ? { reason: 'seccompProfile', detail: `forbidden ${plural('annotation', bad.length)} ${bad.join(', ')}` }
    : undefined
}

export const seccompBaseline: Check = (spec) => {
  const isBad = (o: WithSeccomp): boolean => seccompOf(o) !== undefined && !isSeccomp(seccompOf(o))
  const bad = containersOf(spec).filter(isBad)
  const who = setters(isBad(spec), namesOf(bad))
  if (!who) return undefined
  const values = sorted([spec, ...bad].filter(isBad).map((o) => seccompOf(o) ?? ''))
  return { reason: 'seccompProfile', detail: `${who} must not set securityContext.seccompProfile.type to ${quoted(values)}` }
}

export const seccompRestricted: Check = (spec, metadata) => {
  const explicit = seccompBaseline(spec, metadata)
  if (explicit || isSeccomp(seccompOf(spec))) return explicit
  const silent = namesOf(containersOf(spec).filter((c) => seccompOf(c) === undefined))
  if (silent.length === 0) return undefined
  const detail = `pod or ${named('container', silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`
  return { reason: 'seccompProfile', detail }
}

type Identity = Pick<NonNullable<Container['securityContext']>, 'runAsNonRoot' | 'runAsUser'>
const identityOf = (o: { securityContext?: Identity } | PodSpec | Container): Identity => (o.securityContext ?? {}) as Identity

export const nonRoot: Check = (spec) => {
  const containers = containersOf(spec)
  const who = setters(
    identityOf(spec).runAsNonRoot === false,
    namesOf(containers.filter((c) => identityOf(c).runAsNonRoot === false)),
  )
  const reason = 'runAsNonRoot != true'
  if (who) return { reason, detail: `${who} must not set securityContext.runAsNonRoot=false` }
  if (identityOf(spec).runAsNonRoot) return undefined
  const silent = namesOf(containers.filter((c) => identityOf(c).runAsNonRoot === undefined))
  return silent.length > 0
    ? { reason, detail: `pod or ${named('container', silent)} must set securityContext.runAsNonRoot=true` }
    : undefined
}

export const notUserZero: Check = (spec) => {
  const who = setters(identityOf(spec).runAsUser === 0, namesOf(containersOf(spec).filter((c) => identityOf(c).runAsUser === 0)))
  return who ? { reason: 'runAsUser=0', detail: `${who} must not set runAsUser=0` } : undefined
}
