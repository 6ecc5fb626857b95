import type Docker from 'dockerode'
import type { Pod } from '../../apimachinery/kinds.generated.ts'
import { pauseImage } from '../local-images/recipes.ts'
import { label, sandboxName } from './labels.ts'

/** Docker limits nothing here, the kernel does: a host name has at most 63 bytes. */
const longestHostname = 63

/** The host name and domain that the pod's containers see. */
export function hostnameOf(pod: Pod, clusterDomain: string): { hostname: string; domain: string | undefined } {
  const { spec, metadata } = pod
  if (spec?.hostnameOverride) return { hostname: spec.hostnameOverride, domain: undefined }
  const hostname = (spec?.hostname || (metadata.name ?? '')).slice(0, longestHostname).replace(/[-.]+$/, '')
  const domain = spec?.subdomain ? `${spec.subdomain}.${metadata.namespace}.svc.${clusterDomain}` : undefined
  if (!spec?.setHostnameAsFQDN || !domain) return { hostname, domain }
  const fqdn = `${hostname}.${domain}`
  if (fqdn.length > 64)
    throw new Error(
      `failed to construct FQDN from pod hostname and cluster domain, FQDN ${fqdn} is too long (64 characters is the max, ${fqdn.length} characters requested)`,
    )
  return { hostname: fqdn, domain }
}

export const dockerName = (pod: Pod, container: string, attempt: number): string =>
  `k8s_${container}_${pod.metadata.name}_${pod.metadata.namespace}_${pod.metadata.uid}_${attempt}`

/** Labels that every container of `pod` carries. */
export function podLabels(pod: Pod): Record<string, string> {
  return {
    [label.podUid]: pod.metadata.uid ?? '',
    [label.podName]: pod.metadata.name ?? '',
    [label.podNamespace]: pod.metadata.namespace ?? '',
  }
}

function portBindings(pod: Pod): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {}
  if (pod.spec?.hostNetwork) return bindings
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
  for (const port of containers.flatMap((c) => c.ports ?? [])) {
    if (!port.hostPort) continue
    const key = `${port.containerPort}/${(port.protocol ?? 'TCP').toLowerCase()}`
    const list = bindings[key] ?? []
    list.push({ HostIp: port.hostIP ?? '', HostPort: String(port.hostPort) })
    bindings[key] = list
  }
  return bindings
}

/** The container that holds the namespaces of a pod. `ip` is absent on the host's network. */
export function sandboxOptions(
  pod: Pod,
  place: {
    readonly attempt: number
    readonly network: string
    readonly ip: string | undefined
    readonly clusterDomain: string
    readonly cgroupParent: string | undefined
    /** Docker's name of the runtime that the pod's RuntimeClass asks for. */
    readonly runtime: string | undefined
    readonly oomScore: number
    readonly labels: Readonly<Record<string, string>>
  },
): Docker.ContainerCreateOptions {
  const { spec } = pod
  const { hostname, domain } = hostnameOf(pod, place.clusterDomain)
  const bindings = portBindings(pod)
  const sysctls = Object.fromEntries((spec?.securityContext?.sysctls ?? []).map((s) => [s.name.replaceAll('/', '.'), s.value]))
  const endpoint = { IPAMConfig: { IPv4Address: place.ip ?? '' } }
  return {
    name: dockerName(pod, sandboxName, place.attempt),
    Image: pauseImage,
    ...(spec?.hostNetwork ? {} : { Hostname: hostname, ...(domain && !spec?.setHostnameAsFQDN ? { Domainname: domain } : {}) }),
    Labels: {
      ...place.labels,
      ...podLabels(pod),
      [label.container]: sandboxName,
      [label.role]: 'sandbox',
      [label.attempt]: String(place.attempt),
    },
    ExposedPorts: Object.fromEntries(Object.keys(bindings).map((key) => [key, {}])),
    HostConfig: {
      NetworkMode: spec?.hostNetwork ? 'host' : place.network,
      IpcMode: spec?.hostIPC ? 'host' : 'shareable',
      ...(spec?.hostPID ? { PidMode: 'host' } : {}),
      PortBindings: bindings,
      Sysctls: sysctls,
      ...(place.cgroupParent ? { CgroupParent: place.cgroupParent } : {}),
      OomScoreAdj: place.oomScore,
      CpuShares: 2,
      SecurityOpt: ['no-new-privileges'],
      RestartPolicy: { Name: 'no' },
      ...(place.runtime ? { Runtime: place.runtime } : {}),
    },
    ...(spec?.hostNetwork ? {} : { NetworkingConfig: { EndpointsConfig: { [place.network]: endpoint } } }),
  }
}
