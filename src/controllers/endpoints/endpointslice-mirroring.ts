// Copies Endpoints that people write by hand, for Services without selector, into EndpointSlices.
import type {
  DiscoveryV1EndpointPort,
  Endpoint,
  EndpointAddress,
  EndpointSlice,
  Endpoints,
} from '../../apimachinery/kinds.generated.ts'
import { endpoints, endpointslices, services } from '../../apimachinery/resources.generated.ts'
import { defineController, watching } from '../../operators/controller.ts'
import { sameValue } from '../../operators/equality.ts'
import { controlledBy } from '../../operators/owners.ts'
import { carryOut, familyOf, managerLabel, type Plan, serviceLabel } from './endpointslice-plan.ts'

const manager = 'endpointslicemirroring-controller.k8s.io'
const skipLabel = 'endpointslice.kubernetes.io/skip-mirror'
const perSubset = 1000

function endpointOf({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    ...(targetRef ? { targetRef } : {}),
  }
}

const keyOf = ({ addressType, ports = [] }: Pick<EndpointSlice, 'addressType' | 'ports'>): string =>
  JSON.stringify([addressType, ports.map((p) => [p.name ?? '', p.port, p.protocol ?? 'TCP', p.appProtocol ?? ''])])

/** The slices that say what `source` says: one a family and set of ports. */
function mirrored(source: Endpoints): EndpointSlice[] {
  const { name = '', namespace, labels } = source.metadata
  const slices = new Map<string, EndpointSlice & { endpoints: Endpoint[] }>()
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of source.subsets ?? []) {
    const all = [...addresses.map((a) => endpointOf(a, true)), ...notReadyAddresses.map((a) => endpointOf(a, false))]
    const slicePorts: DiscoveryV1EndpointPort[] = ports.map((p) => ({ name: '', protocol: 'TCP', ...p }))
    for (const endpoint of all.slice(0, perSubset)) {
      const addressType = familyOf(endpoint.addresses[0] ?? '')
      const key = keyOf({ addressType, ports: slicePorts })
      const slice = slices.get(key) ?? {
        metadata: {
          generateName: `${name}-`,
          ...(namespace ? { namespace } : {}),
          labels: { ...labels, [serviceLabel]: name, [managerLabel]: manager },
          ownerReferences: [controlledBy(endpoints, source)],
        },
        addressType,
        endpoints: [],
        ports: slicePorts,
      }
      slice.endpoints.push(endpoint)
      slices.set(key, slice)
    }
  }
  return [...slices.values()]
}

/** What to do so that `existing` mirror `source`; `wanted`: whether it is to be mirrored at all. */
function decide(source: Endpoints, wanted: boolean, existing: readonly EndpointSlice[]): Plan {
  const left = new Map(existing.map((s) => [keyOf(s), s]))
  const extra = existing.filter((s) => left.get(keyOf(s)) !== s)
  const create: EndpointSlice[] = []
  const update: EndpointSlice[] = []
  for (const slice of wanted ? mirrored(source) : []) {
    const live = left.get(keyOf(slice))
    left.delete(keyOf(slice))
    if (!live) create.push(slice)
    else if (!sameValue(live.endpoints, slice.endpoints) || !sameValue(live.metadata.labels, slice.metadata.labels))
      update.push({
        ...live,
        metadata: { ...live.metadata, labels: slice.metadata.labels ?? {} },
        endpoints: slice.endpoints ?? [],
      })
  }
  return { create, update, remove: [...left.values(), ...extra] }
}

const isLeaderRecord = ({ metadata }: Endpoints): boolean =>
  Object.hasOwn(metadata.annotations ?? {}, 'control-plane.alpha.kubernetes.io/leader')

export const endpointSliceMirroringController = defineController<Endpoints>({
  name: 'endpointslicemirroring-controller',
  for: endpoints,
  owns: [endpointslices],
  watches: [
    watching(
      services,
      ({ metadata }) => [`${metadata.namespace}/${metadata.name}`],
      (now, before) => !now || !before || !sameValue(now.spec?.selector, before.spec?.selector),
    ),
  ],
  async reconcile(source, { client, informers, children }) {
    const { namespace = '', name, labels } = source.metadata
    const service = informers.of(services).get(`${namespace}/${name}`)
    const hasSelector = Object.keys(service?.spec?.selector ?? {}).length > 0
    const wanted = service !== undefined && !hasSelector && labels?.[skipLabel] !== 'true' && !isLeaderRecord(source)
    const existing = children(endpointslices, source).filter((s) => s.metadata.labels?.[managerLabel] === manager)
    const plan = decide(source, wanted && !source.metadata.deletionTimestamp, existing)
    await carryOut(client, plan, namespace)
    return undefined
  },
})
