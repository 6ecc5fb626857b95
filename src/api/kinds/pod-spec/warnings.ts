import type {
  Container,
  ContainerPort,
  NodeAffinity,
  NodeSelectorTerm,
  Pod,
  PodAffinityTerm,
  PodSpec,
  PodTemplateSpec,
  Volume,
} from '../../../apimachinery/kinds.generated.ts'
import { isDns1123Label } from '../../../apimachinery/names.ts'
import type { ObjectMeta } from '../../../apimachinery/object.ts'
import { isWhole } from '../../../apimachinery/quantity.ts'
import { claimSpecWarnings } from '../core/persistent-volume/volume-warnings.ts'
import { ipWarnings } from '../ip.ts'
import { labelDeprecation, termWarnings } from '../node-labels.ts'
import { appArmorPrefix } from './annotations.ts'
import { pathWarnings } from './path-warnings.ts'
import { visitContainers } from './visit.ts'

const quote = (text: string): string => JSON.stringify(text)

const deprecatedAnnotations = [
  ['scheduler.alpha.kubernetes.io/critical-pod', 'non-functional in v1.16+; use the "priorityClassName" field instead'],
  ['security.alpha.kubernetes.io/sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
  ['security.alpha.kubernetes.io/unsafe-sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
] as const

const deprecatedVolumes = [
  ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
] as const satisfies readonly (readonly [keyof Volume, string])[]

const nullSelector = 'a null labelSelector results in matching no pod'

function warnOfLabels(spec: PodSpec, at: string, warnings: string[]): void {
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    const text = labelDeprecation(key)
    if (text !== undefined) warnings.push(`${at}.nodeSelector[${key}]: ${text}`)
  }
  if (spec.affinity?.nodeAffinity) warnOfNodeAffinity(spec.affinity.nodeAffinity, `${at}.affinity.nodeAffinity`, warnings)
  for (const [i, { topologyKey, labelSelector }] of (spec.topologySpreadConstraints ?? []).entries()) {
    const constraint = `${at}.topologySpreadConstraints[${i}]`
    const text = labelDeprecation(topologyKey)
    if (text !== undefined) warnings.push(`${constraint}.topologyKey: ${topologyKey} is ${text}`)
    if (!labelSelector) warnings.push(`${constraint}.labelSelector: ${nullSelector}`)
  }
}

function warnOfNodeAffinity(affinity: NodeAffinity, path: string, warnings: string[]): void {
  const terms: readonly (readonly [NodeSelectorTerm | undefined, string, boolean])[] = [
    ...(affinity.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []).map(
      (term, i) => [term, `${path}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${i}]`, false] as const,
    ),
    ...(affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      ({ preference }, i) =>
        [preference, `${path}.preferredDuringSchedulingIgnoredDuringExecution[${i}].preference`, true] as const,
    ),
  ]
  for (const [term, termPath, looksAtValues] of terms) {
    if (term) warnings.push(...termWarnings(term, termPath, looksAtValues))
  }
}

function warnOfRepeats(values: readonly string[], path: (i: number) => string, what: string, warnings: string[]): void {
  const seen = new Set<string>()
  for (const [i, value] of values.entries()) {
    if (seen.has(value)) warnings.push(`${path(i)}: duplicate ${what} ${quote(value)}`)
    seen.add(value)
  }
}

function warnOfFractions(
  list: Record<string, string> | undefined,
  at: string,
  names: readonly string[],
  warnings: string[],
): void {
  for (const name of names) {
    const value = list?.[name]
    if (value === undefined || isWhole(value)) continue
    warnings.push(`${at}[${name}]: fractional byte value ${quote(value)} is invalid, must be an integer`)
  }
}

const bytes = ['memory', 'ephemeral-storage']

function warnOfEnv({ env = [] }: Container, at: string, warnings: string[]): void {
  const seen = new Set<string>()
  for (const [i, { name, value = '', valueFrom }] of (env ?? []).entries()) {
    const own = `$(${name})`
    // A variable may build on an earlier one of its name.
    const hides = valueFrom !== undefined || value === own || !value.includes(own)
    if (seen.has(name) && hides) {
      warnings.push(`${at}.env[${i}]: hides previous definition of ${quote(name)}, which may be dropped when using apply`)
    }
    seen.add(name)
  }
}

function warnOfContainer(c: Container, path: string, spec: PodSpec, meta: Meta, at: string, warnings: string[]): void {
  const { annotations = {} } = meta
  const seccomp = `container.seccomp.security.alpha.kubernetes.io/${c.name}`
  const metaPath = `${at}metadata.annotations`
  if (!c.securityContext?.seccompProfile && Object.hasOwn(annotations, seccomp)) {
    warnings.push(`${metaPath}[${seccomp}]: non-functional in v1.27+; use the "seccompProfile" field instead`)
  }
  const appArmor = `${appArmorPrefix}${c.name}`
  const hasField = c.securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile
  if (at !== '' && !hasField && Object.hasOwn(annotations, appArmor)) {
    warnings.push(`${metaPath}[${appArmor}]: deprecated since v1.30; use the "appArmorProfile" field instead`)
  }
  for (const name of bytes) {
    warnOfFractions(c.resources?.limits, `${path}.resources.limits`, [name], warnings)
    warnOfFractions(c.resources?.requests, `${path}.resources.requests`, [name], warnings)
  }
  warnOfEnv(c, path, warnings)
}

/** An answer has room for some dozens; pairs of ports make many more. */
const mostWarnings = 1000

interface PortAt {
  readonly port: ContainerPort
  readonly path: string
}

function portProblem({ hostIP = '', hostPort = 0 }: ContainerPort, { port }: PortAt): string | undefined {
  const { hostIP: otherIP = '', hostPort: otherPort = 0 } = port
  if (hostIP === otherIP && hostPort === otherPort) return 'duplicate'
  if (hostPort === 0 || otherPort === 0) return 'overlapping'
  return hostPort === otherPort && (hostIP === '') !== (otherIP === '') ? 'dangerously ambiguous' : undefined
}

const goPort = ({ name = '', hostPort = 0, containerPort, protocol, hostIP = '' }: ContainerPort): string =>
  `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol ?? ''} HostIP:${hostIP}}`

function warnOfPorts(spec: PodSpec, at: string, warnings: string[]): void {
  const byNumber = new Map<string, PortAt[]>()
  visitContainers(spec, at, (c, path) => {
    for (const [i, port] of (c.ports ?? []).entries()) {
      const here = `${path}.ports[${i}]`
      if (port.hostIP && !port.hostPort) warnings.push(`${here}: hostIP set without hostPort: ${goPort(port)}`)
      const key = `${port.containerPort}/${port.protocol}`
      const others = byNumber.get(key) ?? []
      for (const other of others) {
        const problem = portProblem(port, other)
        if (problem && warnings.length < mostWarnings) warnings.push(`${here}: ${problem} port definition with ${other.path}`)
        if (warnings.length >= mostWarnings) break
      }
      others.push({ port, path: here })
      byNumber.set(key, others)
    }
  })
  const byName = new Map<string, string>()
  visitContainers(spec, at, (c, path) => {
    for (const [i, { name }] of (c.ports ?? []).entries()) {
      if (!name) continue
      const here = `${path}.ports[${i}]`
      const other = byName.get(name)
      if (other === undefined) byName.set(name, here)
      else {
        const text = `duplicate port name ${quote(name)} with ${other}, services and probes that select ports by name will use ${other}`
        warnings.push(`${here}: ${text}`)
      }
    }
  })
}

function warnOfPodAffinity(spec: PodSpec, at: string, warnings: string[]): void {
  const check = (term: PodAffinityTerm | undefined, path: string) => {
    if (!term?.labelSelector) warnings.push(`${path}.labelSelector: ${nullSelector}`)
  }
  for (const field of ['podAffinity', 'podAntiAffinity'] as const) {
    const affinity = spec.affinity?.[field]
    if (!affinity) continue
    const path = `${at}.affinity.${field}`
    for (const [i, term] of (affinity.requiredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      check(term, `${path}.requiredDuringSchedulingIgnoredDuringExecution[${i}]`)
    }
    for (const [i, { podAffinityTerm }] of (affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      check(podAffinityTerm, `${path}.preferredDuringSchedulingIgnoredDuringExecution[${i}].podAffinityTerm`)
    }
  }
}

type Meta = Pick<ObjectMeta, 'annotations'>

/** Warnings of a pod (`at` is '') or of a template of pods (`at` is `spec.template.`). */
function warnOfPodSpec(spec: PodSpec, meta: Meta, at: string): string[] {
  const warnings: string[] = []
  const path = `${at}spec`
  warnOfLabels(spec, path, warnings)
  for (const [key, text] of deprecatedAnnotations) {
    if (meta.annotations?.[key] !== undefined) warnings.push(`${at}metadata.annotations[${key}]: ${text}`)
  }
  for (const [i, volume] of (spec.volumes ?? []).entries()) {
    for (const [field, text] of deprecatedVolumes) {
      const name = field === 'storageos' ? 'storageOS' : field
      if (volume[field]) warnings.push(`${path}.volumes[${i}].${name}: ${text}`)
    }
    const claim = volume.ephemeral?.volumeClaimTemplate?.spec
    if (claim) warnings.push(...claimSpecWarnings(claim, `${path}.volumes[${i}].ephemeral.volumeClaimTemplate.spec`))
  }
  for (const volume of spec.volumes ?? []) warnings.push(...pathWarnings(volume))
  const aliases = (spec.hostAliases ?? []).map((alias) => alias.ip)
  warnOfRepeats(aliases, (i) => `${path}.hostAliases[${i}].ip`, 'ip', warnings)
  const secrets = (spec.imagePullSecrets ?? []).map((secret) => secret.name ?? '')
  const secretPath = (i: number) => `${path}.imagePullSecrets[${i}].name`
  warnOfRepeats(secrets, secretPath, 'name', warnings)
  for (const [i, name] of secrets.entries()) if (name === '') warnings.push(`${secretPath(i)}: invalid empty name ""`)
  warnOfFractions(spec.overhead, `${path}.overhead`, bytes, warnings)
  const seccomp = 'seccomp.security.alpha.kubernetes.io/pod'
  if (!spec.securityContext?.seccompProfile && meta.annotations?.[seccomp] !== undefined) {
    const text = 'non-functional in v1.27+; use the "seccompProfile" field instead'
    warnings.push(`${at}metadata.annotations[${seccomp}]: ${text}`)
  }
  visitContainers(spec, path, (c, containerPath) => warnOfContainer(c, containerPath, spec, meta, at, warnings))
  warnOfPorts(spec, path, warnings)
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    const text = 'must be >= 0; negative values are invalid and will be treated as 1'
    warnings.push(`${path}.terminationGracePeriodSeconds: ${text}`)
  }
  warnOfPodAffinity(spec, path, warnings)
  for (const [i, server] of (spec.dnsConfig?.nameservers ?? []).entries()) {
    warnings.push(...ipWarnings(server, `${path}.dnsConfig.nameservers[${i}]`))
  }
  for (const [i, ip] of aliases.entries()) warnings.push(...ipWarnings(ip, `${path}.hostAliases[${i}].ip`))
  return warnings
}

function nameWarnings(name: string | undefined, use: string): string[] {
  const problems = isDns1123Label(name ?? '')
  if (problems.length === 0) return []
  const text = `this is used in ${use}, which can result in surprising behavior; a DNS label is recommended`
  return [`metadata.name: ${text}: [${problems.join(' ')}]`]
}

/** Only new pods are warned of. */
export function podWarnings(pod: Pod, old: Pod | undefined, { subresource }: { readonly subresource: string }): string[] {
  if (subresource === 'status') return addressWarnings(pod)
  if (old || subresource !== '' || !pod.spec) return []
  return [...nameWarnings(pod.metadata.name, "the Pod's hostname"), ...warnOfPodSpec(pod.spec, pod.metadata, '')]
}

const addressWarnings = ({ status }: Pod): string[] =>
  (['podIPs', 'hostIPs'] as const).flatMap((list) =>
    (status?.[list] ?? []).flatMap(({ ip }, i) => ipWarnings(ip ?? '', `status.${list}[${i}].ip`)),
  )

interface Workload {
  readonly metadata: ObjectMeta
}

/** Warnings of a workload: of its name, when it is part of its pods' names, and of its pod template whenever that may have changed. */
export function workloadWarnings<T extends Workload>(
  templateOf: (workload: T) => PodTemplateSpec | undefined,
  at: string,
  namesPods = true,
  own: (workload: T) => string[] = () => [],
): (workload: T, old: T | undefined, context: { readonly subresource: string }) => string[] {
  return (workload, old, { subresource }) => {
    if (subresource !== '' || (old && old.metadata.generation === workload.metadata.generation)) return []
    const names = [
      ...(namesPods && !old ? nameWarnings(workload.metadata.name, 'Pod names and hostnames') : []),
      ...own(workload),
    ]
    const template = templateOf(workload)
    return template?.spec ? [...names, ...warnOfPodSpec(template.spec, template.metadata ?? {}, `${at}.`)] : names
  }
}
