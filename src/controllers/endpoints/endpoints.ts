// Keeps the Endpoints object of every Service with a selector, for clients older than EndpointSlices.
import type {
  EndpointAddress,
  EndpointPort,
  EndpointSubset,
  Endpoints,
  Pod,
  Service,
} from '../../apimachinery/kinds.generated.ts'
import { splitKey } from '../../apimachinery/object.ts'
import { endpoints, pods, services } from '../../apimachinery/resources.generated.ts'
import { isAlreadyExists, isNotFound } from '../../apimachinery/status.ts'
import { defineController, watching } from '../../operators/controller.ts'
import { sameValue } from '../../operators/equality.ts'
import { isReady, isTerminating } from '../pods.ts'
import { isClosing } from '../serviceaccount.ts'
import { hostnameIn, isHeadless, isManaged, portsOf, selected, servicesOf, type TargetPort } from './service-endpoints.ts'

const capacity = 1000
const overCapacity = 'endpoints.kubernetes.io/over-capacity'
const headlessLabel = 'service.kubernetes.io/headless'
const managerLabel = 'endpoints.kubernetes.io/managed-by'

function addressOf(service: Service, pod: Pod): EndpointAddress {
  const { name = '', namespace = '', uid = '' } = pod.metadata
  const hostname = hostnameIn(service, pod)
  return {
    ip: pod.status?.podIP ?? '',
    ...(hostname ? { hostname } : {}),
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: { kind: 'Pod', name, namespace, uid },
  }
}

const portOf = ({ name, port, protocol, appProtocol }: TargetPort): EndpointPort => ({
  ...(name ? { name } : {}),
  port,
  protocol,
  ...(appProtocol ? { appProtocol } : {}),
})
const byAddress = (a: EndpointAddress, b: EndpointAddress): number =>
  a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : (a.targetRef?.uid ?? '').localeCompare(b.targetRef?.uid ?? '')

/** Pods with the same ports share a subset; at most 1000 addresses in all. */
function subsetsOf(service: Service, members: readonly Pod[]): EndpointSubset[] {
  const tolerant = service.spec?.publishNotReadyAddresses === true
  const serving = members.filter((p) => !isTerminating(p) || tolerant).slice(0, capacity)
  const groups = Map.groupBy(serving, (pod) => JSON.stringify(portsOf(service, pod).map(portOf)))
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, group]) => {
      const ports = JSON.parse(key) as EndpointPort[]
      if (ports.length === 0 && (service.spec?.ports ?? []).length > 0) return []
      const [ready, notReady] = [group.filter((p) => tolerant || isReady(p)), group.filter((p) => !tolerant && !isReady(p))]
      const addresses = ready.map((p) => addressOf(service, p)).sort(byAddress)
      const notReadyAddresses = notReady.map((p) => addressOf(service, p)).sort(byAddress)
      return [
        {
          ...(addresses.length > 0 ? { addresses } : {}),
          ...(notReadyAddresses.length > 0 ? { notReadyAddresses } : {}),
          ...(ports.length > 0 ? { ports } : {}),
        },
      ]
    })
}

/** The object to write; undefined when `existing` says it all. */
function decide(service: Service, members: readonly Pod[], existing: Endpoints | undefined): Endpoints | undefined {
  const { [headlessLabel]: _, ...own } = service.metadata.labels ?? {}
  const headless: Record<string, string> = isHeadless(service) ? { [headlessLabel]: '' } : {}
  const labels = { ...own, [managerLabel]: 'endpoint-controller', ...headless }
  const subsets = subsetsOf(service, members)
  const { [overCapacity]: __, ...others } = existing?.metadata.annotations ?? {}
  const annotations: Record<string, string> = members.length > capacity ? { ...others, [overCapacity]: 'truncated' } : others
  if (
    existing &&
    sameValue(existing.subsets ?? [], subsets) &&
    sameValue(existing.metadata.labels ?? {}, labels) &&
    sameValue(existing.metadata.annotations ?? {}, annotations)
  )
    return undefined
  const { name = '', namespace = '' } = service.metadata
  return { ...existing, metadata: { name, namespace, ...existing?.metadata, labels, annotations }, subsets }
}

export const endpointsController = defineController<Service>({
  name: 'endpoints-controller',
  for: services,
  watches: [
    watching(pods, (pod, informers) =>
      servicesOf(pod, informers.of(services).byIndex('namespace', pod.metadata.namespace ?? '')),
    ),
    watching(endpoints, ({ metadata }) =>
      metadata.labels?.[managerLabel] === 'endpoint-controller' ? [`${metadata.namespace}/${metadata.name}`] : [],
    ),
  ],
  async reconcile(service, { client, informers }) {
    const { namespace = '', name = '', deletionTimestamp } = service.metadata
    if (!isManaged(service) || deletionTimestamp) return undefined
    const existing = informers.of(endpoints).get(`${namespace}/${name}`)
    const wanted = decide(service, selected(service, informers.of(pods).byIndex('namespace', namespace)), existing)
    if (!wanted) return undefined
    try {
      await (existing ? client.update(endpoints, wanted, { namespace }) : client.create(endpoints, wanted, { namespace }))
    } catch (error) {
      if (isAlreadyExists(error)) return { requeueAfterMs: 1000 }
      if (!isClosing(error)) throw error
    }
    return undefined
  },
  async removed(key, { client, informers }) {
    const { namespace, name } = splitKey(key)
    if (!informers.of(endpoints).get(key)) return
    try {
      await client.delete(endpoints, name, { namespace })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  },
})
