// Keeps the EndpointSlices of every Service with a selector: who answers, in slices of at most 100.
import type { DiscoveryV1EndpointPort, Endpoint, EndpointSlice, Node, Pod, Service } from '../../apimachinery/kinds.generated.ts'
import { endpointslices, nodes, pods, services } from '../../apimachinery/resources.generated.ts'
import type { InformerSet } from '../../client/informer-set.ts'
import { defineController, watching } from '../../operators/controller.ts'
import { sameValue } from '../../operators/equality.ts'
import { controlledBy } from '../../operators/owners.ts'
import { isReady, isTerminating } from '../pods.ts'
import { carryOut, type Family, familyOf, managerLabel, type Plan, serviceLabel } from './endpointslice-plan.ts'
import { hostnameIn, isHeadless, isManaged, portsOf, selected, servicesOf } from './service-endpoints.ts'

const manager = 'endpointslice-controller.k8s.io'
const headlessLabel = 'service.kubernetes.io/headless'
const zoneLabel = 'topology.kubernetes.io/zone'
const perSlice = 100

function endpointOf(service: Service, pod: Pod, address: string, zone: string | undefined): Endpoint {
  const serving = isReady(pod)
  const terminating = isTerminating(pod)
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating)
  const hostname = hostnameIn(service, pod)
  const { name = '', namespace = '', uid = '' } = pod.metadata
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(hostname ? { hostname } : {}),
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: { kind: 'Pod', name, namespace, uid },
    ...(zone ? { zone } : {}),
  }
}

/** Endpoints that have the same ports in the same family share slices. */
interface Group {
  readonly family: Family
  readonly ports: readonly DiscoveryV1EndpointPort[]
  readonly endpoints: Map<string, Endpoint>
}

const keyOf = (e: Endpoint): string => `${e.targetRef?.uid}/${e.addresses[0]}`

function groupsOf(service: Service, members: readonly Pod[], zoneOf: (node: string) => string | undefined): Map<string, Group> {
  const groups = new Map<string, Group>()
  const families = (service.spec?.ipFamilies ?? ['IPv4']) as readonly string[]
  for (const pod of members) {
    const ports = portsOf(service, pod)
    for (const address of (pod.status?.podIPs ?? [])
      .map((p) => p.ip ?? '')
      .concat(pod.status?.podIPs ? [] : (pod.status?.podIP ?? ''))) {
      const family = familyOf(address)
      if (address === '' || !families.includes(family)) continue
      const endpoint = endpointOf(service, pod, address, zoneOf(pod.spec?.nodeName ?? ''))
      const key = JSON.stringify([family, ports])
      const group = groups.get(key) ?? { family, ports, endpoints: new Map() }
      group.endpoints.set(keyOf(endpoint), endpoint)
      groups.set(key, group)
    }
  }
  // A Service without endpoints has one empty slice a family.
  for (const family of families)
    if (![...groups.values()].some((g) => g.family === family))
      groups.set(JSON.stringify([family, []]), { family: family as Family, ports: [], endpoints: new Map() })
  return groups
}

function labelsOf(service: Service): Record<string, string> {
  const { [headlessLabel]: _, ...labels } = service.metadata.labels ?? {}
  const own = { [serviceLabel]: service.metadata.name ?? '', [managerLabel]: manager }
  return { ...labels, ...own, ...(isHeadless(service) ? { [headlessLabel]: '' } : {}) }
}

/** What to do so that `slices` say who serves `service`, changing as few as possible. */
function decide(
  service: Service,
  members: readonly Pod[],
  slices: readonly EndpointSlice[],
  zoneOf: (node: string) => string | undefined,
): Plan {
  const groups = groupsOf(service, members, zoneOf)
  const labels = labelsOf(service)
  const create: EndpointSlice[] = []
  const update: EndpointSlice[] = []
  const remove: EndpointSlice[] = []
  const existing = Map.groupBy(slices, (s) => JSON.stringify([s.addressType, (s.ports ?? []).map(portOf)]))
  for (const [key, olds] of existing) if (!groups.has(key)) remove.push(...olds)
  for (const [key, group] of groups) {
    const left = new Map(group.endpoints)
    const kept = (existing.get(key) ?? []).map((slice) => {
      const endpoints = (slice.endpoints ?? []).flatMap((e) => {
        const now = left.get(keyOf(e))
        left.delete(keyOf(e))
        return now ? [sameValue(now, e) ? e : now] : []
      })
      return { slice, endpoints }
    })
    const waiting = [...left.values()]
    // New ones first go where there is room.
    for (const k of kept) if (k.endpoints.length < perSlice) k.endpoints.push(...waiting.splice(0, perSlice - k.endpoints.length))
    while (waiting.length > 0) create.push(newSlice(service, group, labels, waiting.splice(0, perSlice)))
    const full = kept.filter((k) => k.endpoints.length > 0)
    const keep = full.length > 0 || create.some((s) => s.addressType === group.family) ? full : kept.slice(0, 1)
    if (keep.length === 0 && group.endpoints.size === 0) create.push(newSlice(service, group, labels, []))
    for (const { slice } of kept) if (!keep.some((k) => k.slice === slice)) remove.push(slice)
    for (const { slice, endpoints } of keep)
      if (!sameValue(endpoints, slice.endpoints ?? []) || !sameValue(labels, slice.metadata.labels))
        update.push({ ...slice, metadata: { ...slice.metadata, labels }, endpoints })
  }
  return { create, update, remove }
}

const portOf = ({ name = '', port = 0, protocol = 'TCP', appProtocol }: DiscoveryV1EndpointPort) => ({
  name,
  port,
  protocol,
  ...(appProtocol ? { appProtocol } : {}),
})

function newSlice(
  service: Service,
  { family, ports }: Group,
  labels: Record<string, string>,
  endpoints: Endpoint[],
): EndpointSlice {
  const { name = '', namespace } = service.metadata
  return {
    metadata: {
      generateName: `${name}-`,
      ...(namespace ? { namespace } : {}),
      labels,
      ownerReferences: [controlledBy(services, service)],
    },
    addressType: family,
    endpoints,
    ports: [...ports],
  }
}

function slicesOf(service: Service, informers: InformerSet): EndpointSlice[] {
  const { namespace, name } = service.metadata
  const informer = informers.of(endpointslices)
  informer.addIndexer('service', (s) => [`${s.metadata.namespace}/${s.metadata.labels?.[serviceLabel] ?? ''}`])
  return informer.byIndex('service', `${namespace}/${name}`).filter((s) => s.metadata.labels?.[managerLabel] === manager)
}

const zone = (node: Node | undefined): string | undefined => node?.metadata.labels?.[zoneLabel]

export const endpointSliceController = defineController<Service>({
  name: 'endpointslice-controller',
  for: services,
  watches: [
    watching(pods, (pod, informers) =>
      servicesOf(pod, informers.of(services).byIndex('namespace', pod.metadata.namespace ?? '')),
    ),
    watching(endpointslices, ({ metadata }) =>
      metadata.labels?.[managerLabel] === manager ? [`${metadata.namespace}/${metadata.labels[serviceLabel]}`] : [],
    ),
    watching(
      nodes,
      (_node, informers) =>
        informers
          .of(services)
          .list()
          .filter(isManaged)
          .map((s) => `${s.metadata.namespace}/${s.metadata.name}`),
      (now, before) => zone(now) !== zone(before),
    ),
  ],
  async reconcile(service, { client, informers }) {
    const { namespace = '', deletionTimestamp } = service.metadata
    if (!isManaged(service) || deletionTimestamp) return undefined
    const members = selected(service, informers.of(pods).byIndex('namespace', namespace))
    const plan = decide(service, members, slicesOf(service, informers), (node) => zone(informers.of(nodes).get(node)))
    await carryOut(client, plan, namespace)
    return undefined
  },
})
