import type { KubeObject } from '../../apimachinery/object.ts'
import { pathOf } from '../../apimachinery/resource.ts'
import { configmaps, rolebindings, roles } from '../../apimachinery/resources.generated.ts'
import { ask, ensure } from '../own-requests.ts'
import type { HandleRequest } from '../request.ts'

const namespace = 'kube-public'
const name = 'cluster-info'
/** As kubeadm names what lets nodes that are about to join read it. */
const roleName = 'kubeadm:bootstrap-signer-clusterinfo'
const group = 'rbac.authorization.k8s.io'

/** Keeps kube-public/cluster-info, by which nodes and users that have no credentials yet find the cluster and its authority. */
export async function keepClusterInfo(
  handle: HandleRequest,
  { server, caCert }: { readonly server: string; readonly caCert: string },
): Promise<void> {
  const cluster = { 'certificate-authority-data': Buffer.from(caCert).toString('base64'), server }
  const kubeconfig = JSON.stringify({ apiVersion: 'v1', kind: 'Config', clusters: [{ name: '', cluster }] })
  await ensure(handle, configmaps, { metadata: { namespace, name } })
  await ask(handle, {
    method: 'PATCH',
    path: pathOf(configmaps, namespace, name),
    headers: { 'content-type': 'application/merge-patch+json' },
    body: { data: { kubeconfig } },
  })
  const rules = [{ apiGroups: [''], resources: ['configmaps'], resourceNames: [name], verbs: ['get'] }]
  await ensure(handle, roles, { metadata: { namespace, name: roleName }, rules } as KubeObject)
  const roleRef = { apiGroup: group, kind: 'Role', name: roleName }
  const subjects = [{ apiGroup: group, kind: 'User', name: 'system:anonymous' }]
  await ensure(handle, rolebindings, { metadata: { namespace, name: roleName }, roleRef, subjects } as KubeObject)
}
