import type { EndpointSlice, Service } from '../../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import type { Resource } from '../../apimachinery/resource.ts'
import { endpointslices, services } from '../../apimachinery/resources.generated.ts'
import { isAlreadyExists, isNotFound } from '../../apimachinery/status.ts'
import type { Client } from '../../client/client.ts'

interface DnsServiceOptions {
  /** Where the DNS server listens, as pods reach it. */
  readonly address: string
  readonly port: number
  /** The Service's own: what pods have in their resolv.conf. */
  readonly clusterIp: string
}

const namespace = 'kube-system'
const name = 'kube-dns'
const fieldManager = 'slipway-network'

/** Makes the Service kube-system/kube-dns, and the EndpointSlice that leads it to the DNS server; corrects them when they differ. */
export async function ensureDnsService(client: Client, options: DnsServiceOptions): Promise<void> {
  await ensure(
    client,
    services,
    service(options),
    (now) => now.spec?.clusterIP === options.clusterIp && now.spec.ports?.length === 2,
  )
  const wanted = slice(options)
  await ensure(client, endpointslices, wanted, (now) => {
    const ports = (s: EndpointSlice) => JSON.stringify(s.ports?.map((p) => [p.name, p.port, p.protocol]))
    return now.endpoints?.[0]?.addresses[0] === options.address && ports(now) === ports(wanted)
  })
}

async function ensure<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  wanted: T,
  isRight: (now: T) => boolean,
): Promise<void> {
  const objectName = wanted.metadata.name ?? ''
  const now = await client.get(resource, objectName, { namespace }).catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })
  if (now && isRight(now)) return
  // Neither a cluster IP nor an address type can be changed: what is wrong is made anew.
  if (now) await client.delete(resource, objectName, { namespace })
  await client.create(resource, wanted, { namespace, fieldManager }).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error
  })
}

const service = ({ clusterIp }: DnsServiceOptions): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    name,
    namespace,
    labels: { 'k8s-app': name, 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' },
  },
  spec: {
    clusterIP: clusterIp,
    clusterIPs: [clusterIp],
    ports: [
      { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
      { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
    ],
  },
})

const slice = ({ address, port }: DnsServiceOptions): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    name: 'kube-dns',
    namespace,
    labels: { 'kubernetes.io/service-name': name, 'endpointslice.kubernetes.io/managed-by': 'network.slipway.dev' },
  },
  addressType: 'IPv4',
  endpoints: [{ addresses: [address], conditions: { ready: true, serving: true, terminating: false } }],
  ports: [
    { name: 'dns', port, protocol: 'UDP' },
    { name: 'dns-tcp', port, protocol: 'TCP' },
  ],
})
