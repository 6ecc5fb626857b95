// Which pods a Service sends to, and on which ports. Pure; shared by EndpointSlices and Endpoints.
import type { Pod, Service, ServicePort } from '../../apimachinery/kinds.generated.ts'
import { matchesLabels } from '../../apimachinery/label-selector.ts'
import { isTerminal } from '../pods.ts'

/** A port as endpoints write it. */
export interface TargetPort {
  readonly name: string
  readonly port: number
  readonly protocol: 'TCP' | 'UDP' | 'SCTP'
  readonly appProtocol?: string
}

/** Whether the control plane keeps the endpoints of `service`: it has a selector. */
export const isManaged = (service: Service): boolean =>
  service.spec?.type !== 'ExternalName' && Object.keys(service.spec?.selector ?? {}).length > 0

/** The pods with an address that `service` selects; those that are leaving too. */
export const selected = (service: Service, pods: readonly Pod[]): Pod[] =>
  pods.filter((p) => !isTerminal(p) && p.status?.podIP && matchesLabels(service.spec?.selector ?? {}, p.metadata.labels))

export const isHeadless = (service: Service): boolean => service.spec?.clusterIP === 'None'

/** Keys of the Services in `services` that select `pod`. */
export const servicesOf = (pod: Pod, services: readonly Service[]): string[] =>
  services
    .filter((s) => isManaged(s) && matchesLabels(s.spec?.selector ?? {}, pod.metadata.labels))
    .map((s) => `${s.metadata.namespace}/${s.metadata.name}`)

function numberOf(port: ServicePort, pod: Pod): number | undefined {
  const target = port.targetPort ?? port.port
  if (typeof target === 'number') return target === 0 ? port.port : target
  const sidecars = (pod.spec?.initContainers ?? []).filter((c) => c.restartPolicy === 'Always')
  for (const { ports = [] } of [...(pod.spec?.containers ?? []), ...sidecars])
    for (const p of ports) if (p.name === target && (p.protocol ?? 'TCP') === (port.protocol ?? 'TCP')) return p.containerPort
  return undefined
}

/** The ports of `service` as `pod` has them; a named port that the pod lacks is left out. */
export function portsOf(service: Service, pod: Pod): TargetPort[] {
  return (service.spec?.ports ?? []).flatMap((port) => {
    const number = numberOf(port, pod)
    if (number === undefined) return []
    const { name = '', protocol = 'TCP', appProtocol } = port
    return [{ name, port: number, protocol, ...(appProtocol ? { appProtocol } : {}) }]
  })
}

/** The pod's name within the domain of a headless Service. */
export const hostnameIn = (service: Service, pod: Pod): string | undefined =>
  pod.spec?.hostname && pod.spec.subdomain === service.metadata.name ? pod.spec.hostname : undefined
