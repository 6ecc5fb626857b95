import type {
  CertificateSigningRequest,
  CSIDriver,
  Node,
  PersistentVolumeClaim,
  Pod,
  ResourceSlice,
  TokenRequest,
  Volume,
} from '../../../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../../apimachinery/object.ts'
import { csidrivers, nodes, persistentvolumeclaims, persistentvolumes, pods } from '../../../apimachinery/resources.generated.ts'
import { notFound } from '../../../apimachinery/status.ts'
import type { Authorize } from '../../auth/authorizer.ts'
import { nodeOf } from '../../auth/users.ts'
import type { Objects } from '../../objects.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { refuse } from '../refusal.ts'
import { subjectOf } from './certificates.ts'

interface Check {
  readonly objects: Objects
  readonly authorize: Authorize
  readonly node: string
  readonly request: AdmissionRequest
}

/** A node agent writes only its own Node and Lease, and the status of its own pods (plugin/pkg/admission/noderestriction). */
export const nodeRestriction = (objects: Objects, authorize: Authorize): AdmissionPlugin => ({
  name: 'NodeRestriction',
  mutate: async (request) => {
    const node = nodeOf(request.user)?.name
    if (node === undefined) return
    if (node === '') throw refuse(request, `could not determine node from user ${JSON.stringify(request.user.name)}`)
    await checks[`${request.resource}.${request.group}`]?.({ objects, authorize, node, request })
  },
})

const quote = JSON.stringify

/** client-go's listers name what they do not find in the singular. */
const listed = (resource: string) => ({ group: '', resource })

function checkPod({ objects, node, request }: Check): void {
  const { operation, subresource } = request
  if (subresource === 'status') {
    checkPodStatus(node, request)
    return
  }
  if (subresource !== '' && subresource !== 'eviction') {
    throw refuse(request, `unexpected pod subresource ${quote(subresource)}, only 'status' and 'eviction' are allowed`)
  }
  if (subresource === '' && operation === 'CREATE') {
    checkMirrorPod(objects, node, request)
    return
  }
  if (subresource === '' && operation !== 'DELETE') {
    throw refuse(request, `unexpected operation ${quote(operation)}, node ${quote(node)} can only create and delete mirror pods`)
  }
  const pod = objects.get(pods, request.namespace, request.name || (request.object?.metadata.name ?? ''))
  if (!pod) throw notFound(listed('pod'), request.name)
  if (pod.spec?.nodeName === node) return
  const what = subresource === 'eviction' ? `node ${node} can only evict` : `node ${quote(node)} can only delete`
  throw refuse(request, `${what} pods with spec.nodeName set to itself`)
}

function checkPodStatus(node: string, request: AdmissionRequest): void {
  if (request.operation !== 'UPDATE') throw refuse(request, `unexpected operation ${quote(request.operation)}`)
  const [pod, old] = [request.object as Pod, request.oldObject as Pod]
  if (old.spec?.nodeName !== node) {
    throw refuse(request, `node ${quote(node)} can only update pod status for pods with spec.nodeName set to itself`)
  }
  if (!isSame(pod.metadata.labels ?? {}, old.metadata.labels ?? {})) {
    throw refuse(request, `node ${quote(node)} cannot update labels through pod status`)
  }
  const claims = (p: Pod) => (p.status?.resourceClaimStatuses ?? []).map((c) => [c.name, c.resourceClaimName])
  if (!isSame(claims(pod), claims(old))) throw refuse(request, `node ${quote(node)} cannot update resource claim statues`)
}

function checkMirrorPod(objects: Objects, node: string, request: AdmissionRequest): void {
  const { spec, metadata } = request.object as Pod
  const itself = `node ${quote(node)} can only create pods with`
  if (metadata.annotations?.['kubernetes.io/config.mirror'] === undefined) {
    throw refuse(
      request,
      `pod does not have "kubernetes.io/config.mirror" annotation, node ${quote(node)} can only create mirror pods`,
    )
  }
  if (spec?.nodeName !== node) throw refuse(request, `${itself} spec.nodeName set to itself`)
  const owners = metadata.ownerReferences ?? []
  if (owners.length > 1) throw refuse(request, `${itself} a single owner reference set to itself`)
  const [owner] = owners
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) {
    throw refuse(request, `${itself} an owner reference set to itself`)
  }
  if (!owner.controller) throw refuse(request, `${itself} a controller owner reference set to itself`)
  if (owner.blockOwnerDeletion) throw refuse(request, `node ${quote(node)} must not set blockOwnerDeletion on an owner reference`)
  const uid = objects.get(nodes, undefined, node)?.metadata.uid
  if (uid === undefined) throw notFound(listed('node'), node)
  if (owner.uid !== uid) throw refuse(request, `node ${node} UID mismatch: expected ${owner.uid} got ${uid}`)
  const used = referenced(request.object as Pod)
  if (used) throw refuse(request, `node ${quote(node)} can not create pods that reference ${used}`)
}

/** The first kind of API object that a pod uses; a mirror pod may use none. */
function referenced({ spec }: Pod): string | undefined {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]
  const envs = containers.flatMap((c) => [...(c.envFrom ?? []), ...(c.env ?? []).map((e) => e.valueFrom ?? {})]) as Record<
    string,
    unknown
  >[]
  const volumes = spec?.volumes ?? []
  if (spec?.serviceAccountName) return 'serviceaccounts'
  if (spec?.imagePullSecrets?.length || envs.some((e) => e.secretRef || e.secretKeyRef)) return 'secrets'
  if (envs.some((e) => e.configMapRef || e.configMapKeyRef)) return 'configmaps'
  if (volumes.some((v) => v.secret)) return 'secrets (via secret volumes)'
  if (volumes.some((v) => v.configMap)) return 'configmaps (via configmap volumes)'
  if (volumes.some((v) => v.persistentVolumeClaim || v.ephemeral)) return 'persistentvolumeclaims'
  if (volumes.some((v) => v.csi)) return 'csidrivers (via CSI volumes)'
  if (spec?.resourceClaims?.length) return 'resourceclaims'
  const isOther = volumes.some((v) => v.projected?.sources?.some((s) => !s.downwardAPI))
  return isOther ? 'projected volumes' : undefined
}

const isSame = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b)
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, v: unknown) =>
    typeof v === 'object' && v !== null && !Array.isArray(v) ? Object.fromEntries(Object.entries(v).sort()) : v,
  ) ?? ''

const kubeletLabels = new Set(
  'kubernetes.io/hostname topology.kubernetes.io/zone topology.kubernetes.io/region failure-domain.beta.kubernetes.io/zone failure-domain.beta.kubernetes.io/region node.kubernetes.io/instance-type beta.kubernetes.io/instance-type kubernetes.io/os kubernetes.io/arch beta.kubernetes.io/os beta.kubernetes.io/arch node.kubernetes.io/windows-build'.split(
    ' ',
  ),
)

/** Labels that decide where other people's pods may run: a node must not give them to itself. */
function forbiddenLabels(now: Record<string, string> = {}, old: Record<string, string> = {}): string[] {
  const changed = [...new Set([...Object.keys(now), ...Object.keys(old)])].filter((key) => now[key] !== old[key])
  const isIn = (domain: string, of: string): boolean => domain === of || domain.endsWith(`.${of}`)
  return changed
    .filter((key) => {
      const domain = key.includes('/') ? (key.split('/')[0] ?? '') : ''
      if (isIn(domain, 'node-restriction.kubernetes.io')) return true
      const isOurs = kubeletLabels.has(key) || isIn(domain, 'kubelet.kubernetes.io') || isIn(domain, 'node.kubernetes.io')
      return (isIn(domain, 'kubernetes.io') || isIn(domain, 'k8s.io')) && !isOurs
    })
    .sort()
}

function checkNode({ node, request }: Check): void {
  const { operation } = request
  const name = request.name || (request.object?.metadata.name ?? '')
  if (name !== node) throw refuse(request, `node ${quote(node)} is not allowed to modify node ${quote(name)}`)
  const [now, old] = [request.object as Node | undefined, request.oldObject as Node | undefined]
  if (operation === 'CREATE') {
    if (now?.spec?.configSource) {
      // So Kubernetes words it.
      throw refuse(request, `node ${quote(node)} is not allowed to create pods with a non-nil configSource`)
    }
    const labels = forbiddenLabels(now?.metadata.labels)
    if (labels.length > 0)
      throw refuse(request, `node ${quote(node)} is not allowed to set the following labels: ${labels.join(', ')}`)
  }
  if (operation !== 'UPDATE') return
  if (now?.spec?.configSource && !isSame(now.spec.configSource, old?.spec?.configSource)) {
    throw refuse(request, `node ${quote(node)} is not allowed to update configSource to a new non-nil configSource`)
  }
  if (!isSame(now?.spec?.taints ?? [], old?.spec?.taints ?? []))
    throw refuse(request, `node ${quote(node)} is not allowed to modify taints`)
  if (!isSame(now?.metadata.ownerReferences ?? [], old?.metadata.ownerReferences ?? [])) {
    throw refuse(request, `node ${quote(node)} is not allowed to modify ownerReferences`)
  }
  const labels = forbiddenLabels(now?.metadata.labels, old?.metadata.labels)
  if (labels.length > 0) throw refuse(request, `is not allowed to modify labels: ${labels.join(', ')}`)
}

function checkClaim({ node, request }: Check): void {
  if (request.subresource !== 'status') throw refuse(request, 'may only update PVC status')
  if (request.operation !== 'UPDATE') throw refuse(request, `unexpected operation ${quote(request.operation)}`)
  const rest = (object: KubeObject | undefined) => {
    const { metadata, status, ...others } = object as PersistentVolumeClaim
    const { resourceVersion, managedFields, ...meta } = metadata
    const { capacity, conditions, allocatedResources, allocatedResourceStatuses, ...kept } = status ?? {}
    return { ...others, metadata: meta, status: kept }
  }
  if (isSame(rest(request.object), rest(request.oldObject))) return
  throw refuse(request, `node ${quote(node)} is not allowed to update fields other than status.quantity and status.conditions`)
}

async function checkToken({ objects, authorize, node, request }: Check): Promise<void> {
  if (request.operation !== 'CREATE' || request.subresource !== 'token') return
  const { spec } = request.object as TokenRequest
  const reference = spec?.boundObjectRef
  if (reference?.apiVersion !== 'v1' || reference.kind !== 'Pod' || !reference.name) {
    throw refuse(request, 'node requested token not bound to a pod')
  }
  if (!reference.uid) throw refuse(request, 'node requested token with a pod binding without a uid')
  const pod = objects.get(pods, request.namespace, reference.name)
  if (!pod) throw notFound(listed('pod'), reference.name)
  if (reference.uid !== pod.metadata.uid) {
    throw refuse(
      request,
      `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    )
  }
  if (pod.spec?.nodeName !== node) throw refuse(request, 'node requested token bound to a pod scheduled on a different node')
  const audiences = spec?.audiences ?? []
  if (audiences.length > 1) throw refuse(request, 'node may only request 0 or 1 audiences')
  await checkAudience(objects, authorize, request, pod, audiences[0] ?? '')
}

async function checkAudience(objects: Objects, authorize: Authorize, request: AdmissionRequest, pod: Pod, audience: string) {
  if (
    pod.spec?.volumes?.some((v) =>
      v.projected?.sources?.some((s) => s.serviceAccountToken && (s.serviceAccountToken.audience ?? '') === audience),
    )
  )
    return
  const missing: string[] = []
  for (const volume of pod.spec?.volumes ?? []) {
    try {
      if (driverOf(objects, pod, volume)?.spec.tokenRequests?.some((t) => t.audience === audience)) return
    } catch (error) {
      missing.push((error as Error).message)
    }
  }
  if (missing.length > 0)
    throw refuse(
      request,
      `error validating audience ${quote(audience)}: ${missing.length === 1 ? missing[0] : `[${missing.join(', ')}]`}`,
    )
  const { user, namespace = '', name } = request
  const resource = { group: '', version: 'v1', resource: audience, subresource: '', namespace, name }
  if ((await authorize({ user, verb: 'request-serviceaccounts-token-audience', resource })).allowed) return
  const why = `${user.name} is not authorized to request tokens for this audience`
  throw refuse(request, `audience ${quote(audience)} not found in pod spec volume, ${why}`)
}

/** The driver that a volume is of; undefined when none. Throws 404 when something on the way to it is not there. */
function driverOf(objects: Objects, pod: Pod, volume: Volume): CSIDriver | undefined {
  const name = volume.csi?.driver ?? driverOfClaim(objects, pod, volume)
  if (!name) return undefined
  const driver = objects.get(csidrivers, undefined, name)
  if (!driver) throw notFound({ group: 'storage.k8s.io', resource: 'csidriver' }, name)
  return driver
}

function driverOfClaim(objects: Objects, pod: Pod, { name, persistentVolumeClaim, ephemeral }: Volume): string | undefined {
  const claimName = persistentVolumeClaim?.claimName ?? (ephemeral ? `${pod.metadata.name}-${name}` : undefined)
  if (claimName === undefined) return undefined
  const claim = objects.get(persistentvolumeclaims, pod.metadata.namespace, claimName)
  if (!claim) throw notFound(listed('persistentvolumeclaim'), claimName)
  const volumeName = claim.spec?.volumeName ?? ''
  const volume = objects.get(persistentvolumes, undefined, volumeName)
  if (!volume) throw notFound(listed('persistentvolume'), volumeName)
  return volume.spec?.csi?.driver
}

const nameOf = ({ operation, object, name }: AdmissionRequest): string =>
  operation === 'CREATE' ? (object?.metadata.name ?? '') : name

function checkLease({ node, request }: Check): void {
  if (request.namespace !== 'kube-node-lease')
    throw refuse(request, 'can only access leases in the "kube-node-lease" system namespace')
  if (nameOf(request) !== node) throw refuse(request, 'can only access node lease with the same name as the requesting node')
}

function checkCsiNode({ node, request }: Check): void {
  if (nameOf(request) !== node) throw refuse(request, 'can only access CSINode with the same name as the requesting node')
}

function checkSlice({ node, request }: Check): void {
  if (request.operation !== 'CREATE' && request.operation !== 'DELETE') return
  const slice = (request.operation === 'CREATE' ? request.object : request.oldObject) as ResourceSlice | undefined
  if (slice?.spec.nodeName === node) return
  throw refuse(request, `can only ${request.operation.toLowerCase()} ResourceSlice with the same NodeName as the requesting node`)
}

async function checkSigningRequest({ node, request }: Check): Promise<void> {
  if (request.operation !== 'CREATE') return
  const { spec } = request.object as CertificateSigningRequest
  if (!['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet'].includes(spec.signerName)) return
  const [name] = (await subjectOf(request, spec.request, 'unable to parse csr')).getField('CN')
  if (name !== `system:node:${node}`) throw refuse(request, `can only create a node CSR with CN=system:node:${node}`)
}

const checks: Readonly<Record<string, ((check: Check) => void | Promise<void>) | undefined>> = {
  'pods.': checkPod,
  'nodes.': checkNode,
  'persistentvolumeclaims.': checkClaim,
  'serviceaccounts.': checkToken,
  'leases.coordination.k8s.io': checkLease,
  'csinodes.storage.k8s.io': checkCsiNode,
  'resourceslices.resource.k8s.io': checkSlice,
  'certificatesigningrequests.certificates.k8s.io': checkSigningRequest,
}
