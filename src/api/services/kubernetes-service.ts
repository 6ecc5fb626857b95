import type { KubeObject } from '../../apimachinery/object.ts'
import { apiVersionOf, pathOf, type Resource } from '../../apimachinery/resource.ts'
import { endpoints, endpointslices, services } from '../../apimachinery/resources.generated.ts'
import { type Status, StatusError } from '../../apimachinery/status.ts'
import { apiserverUser } from '../auth/users.ts'
import type { HandleRequest } from '../request.ts'

/** Where pods reach this API server. */
export interface KubernetesService {
  /** The first address of the service range. */
  readonly clusterIp: string
  readonly address: string
  readonly port: number
}

const namespace = 'default'
const name = 'kubernetes'

/** Keeps the Service default/kubernetes and its endpoints at this API server's address (pkg/controlplane reconcilers). Through the pipeline. */
export async function keepKubernetesService(
  handle: HandleRequest,
  { clusterIp, address, port }: KubernetesService,
): Promise<void> {
  const labels = { component: 'apiserver', provider: 'kubernetes' }
  await apply(handle, services, {
    metadata: { name, namespace, labels },
    spec: {
      type: 'ClusterIP',
      clusterIP: clusterIp,
      clusterIPs: [clusterIp],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      sessionAffinity: 'None',
      ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: port }],
    },
  })
  await apply(handle, endpoints, {
    metadata: { name, namespace, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: address }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
  })
  await apply(handle, endpointslices, {
    metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  })
}

async function apply(
  handle: HandleRequest,
  resource: Resource<unknown>,
  object: KubeObject & Record<string, unknown>,
): Promise<void> {
  const response = await handle({
    method: 'PATCH',
    path: pathOf(resource, namespace, name),
    query: new URLSearchParams({ fieldManager: 'kube-apiserver', force: 'true' }),
    headers: { 'user-agent': 'kube-apiserver', 'content-type': 'application/apply-patch+yaml' },
    user: apiserverUser,
    wantsObjects: true,
    signal: new AbortController().signal,
    body: { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object },
  })
  if (response.status >= 400 && 'object' in response.body) throw StatusError.from(response.body.object as Status)
}
