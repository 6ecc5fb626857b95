import type { Endpoints } from '../../apimachinery/kinds.generated.ts'
import { endpoints, endpointslices, services } from '../../apimachinery/resources.generated.ts'
import type { Objects } from '../objects.ts'
import { apply, remove } from '../own-requests.ts'
import type { HandleRequest } from '../request.ts'
import type { ServerAddress } from './identity.ts'

const namespace = 'default'
const name = 'kubernetes'

/** Makes the Service default/kubernetes (pkg/controlplane/controller/kubernetesservice). Through the pipeline. */
export async function makeKubernetesService(handle: HandleRequest, clusterIp: string, targetPort: number): Promise<void> {
  await apply(handle, services, {
    metadata: { name, namespace, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      type: 'ClusterIP',
      clusterIP: clusterIp,
      clusterIPs: [clusterIp],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      sessionAffinity: 'None',
      ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort }],
    },
  })
}

/** Lets default/kubernetes lead to these servers; writes nothing when it does already. */
export async function leadTo(handle: HandleRequest, objects: Objects, servers: readonly ServerAddress[]): Promise<void> {
  const groups = [...Map.groupBy(servers, (s) => s.port)].sort(([a], [b]) => a - b)
  const subsets = groups.map(([port, list]) => ({
    addresses: list.map(({ address }) => ({ ip: address })),
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  }))
  const present = objects.get(endpoints, namespace, name) as Endpoints | undefined
  if (placesIn(present?.subsets ?? []) === placesIn(subsets)) return
  await apply(handle, endpoints, {
    metadata: { name, namespace, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets,
  })
  const slices = groups.map(([port], i) => (i === 0 ? name : `${name}-${port}`))
  for (const [i, [port, list]] of groups.entries()) {
    await apply(handle, endpointslices, {
      metadata: { name: slices[i] ?? name, namespace, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: list.map(({ address }) => ({ addresses: [address], conditions: { ready: true } })),
      ports: [{ name: 'https', port, protocol: 'TCP' }],
    })
  }
  for (const { metadata } of objects.list(endpointslices, namespace)) {
    const isOurs = metadata.labels?.['kubernetes.io/service-name'] === name && metadata.name?.startsWith(name)
    if (isOurs && !slices.includes(metadata.name ?? '')) await remove(handle, endpointslices, namespace, metadata.name ?? '')
  }
}

type Subsets = readonly {
  readonly addresses?: readonly { readonly ip: string }[]
  readonly ports?: readonly { readonly port: number }[]
}[]

const placesIn = (subsets: Subsets): string =>
  subsets
    .flatMap(({ addresses = [], ports = [] }) => addresses.flatMap(({ ip }) => ports.map(({ port }) => `${ip}:${port}`)))
    .sort()
    .join()
