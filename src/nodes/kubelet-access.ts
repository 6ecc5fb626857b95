import type { TLSSocket } from 'node:tls'
import type { SubjectAccessReview } from '../apimachinery/kinds.generated.ts'
import { subjectaccessreviews } from '../apimachinery/resources.generated.ts'
import type { Client } from '../client/client.ts'

const always = 'system:masters'

/** Who a verified client certificate says that it is. */
export function certificateUser(socket: TLSSocket): { name: string; groups: string[] } | undefined {
  if (!socket.authorized) return undefined
  const { subject } = socket.getPeerCertificate()
  if (!subject?.CN) return undefined
  const { CN: name, O: groups } = subject as unknown as { CN: string | string[]; O?: string | string[] }
  return { name: [name].flat()[0] ?? '', groups: groups === undefined ? [] : [groups].flat() }
}

/** As kubelet's authorizer sees paths: which subresource of the node, by which verb. */
function attributes(method: string, path: string): { verb: string; subresource: string } {
  const verb = method === 'POST' ? 'create' : 'get'
  if (path.startsWith('/stats')) return { verb, subresource: 'stats' }
  if (path.startsWith('/metrics')) return { verb, subresource: 'metrics' }
  if (path.startsWith('/healthz')) return { verb, subresource: 'healthz' }
  if (path.startsWith('/pods')) return { verb, subresource: 'pods' }
  return { verb, subresource: 'proxy' }
}

/** Whether the user may: cluster administrators (the API server's own client is one) always, others as RBAC says of the node. */
export async function mayUse(
  client: Client,
  node: string,
  user: { name: string; groups: string[] },
  request: { method: string; path: string },
): Promise<boolean> {
  if (user.groups.includes(always)) return true
  const { verb, subresource } = attributes(request.method, request.path)
  const review: SubjectAccessReview = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    metadata: {},
    spec: { user: user.name, groups: user.groups, resourceAttributes: { verb, resource: 'nodes', subresource, name: node } },
  }
  const answer = await client.create(subjectaccessreviews, review)
  return answer.status?.allowed === true
}
