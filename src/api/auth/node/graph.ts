import type {
  Container,
  PersistentVolume,
  Pod,
  ResourceSlice,
  Volume,
  VolumeAttachment,
} from '../../../apimachinery/kinds.generated.ts'
import { persistentvolumes, pods, resourceslices, volumeattachments } from '../../../apimachinery/resources.generated.ts'
import type { Objects } from '../../objects.ts'

/** What a node may reach through the objects that are bound to it. */
export type Reachable =
  | 'pods'
  | 'secrets'
  | 'configmaps'
  | 'persistentvolumeclaims'
  | 'persistentvolumes'
  | 'serviceaccounts'
  | 'resourceclaims'
  | 'volumeattachments'
  | 'resourceslices'

const vertex = (kind: Reachable, namespace: string | undefined, name: string): string => `${kind}/${namespace ?? ''}/${name}`

/**
 * Which objects belong to which node: node ← pod ← secret, config map, claim, account; claim ← volume ← secret.
 * Kept current by change, from the first question on: a server that no node asks looks into no pod. Edges lead from an object to what it
 * serves, so a question is a walk from the object to its node.
 */
export class NodeGraph {
  /** Object → (what it serves → by how many edges). */
  readonly #serves = new Map<string, Map<string, number>>()
  readonly #objects: Objects
  #isFollowing = false

  constructor(objects: Objects) {
    this.#objects = objects
  }

  #follow(): void {
    if (this.#isFollowing) return
    this.#isFollowing = true
    const objects = this.#objects
    const follow = <T extends Pod | PersistentVolume | VolumeAttachment | ResourceSlice>(
      resource: Parameters<typeof objects.list<T>>[0],
      edges: (object: T) => Edge[],
    ): void => {
      for (const object of objects.list(resource)) this.#link(edges(object), 1)
      objects.onChange(resource, (now, before) => {
        if (before) this.#link(edges(before), -1)
        if (now) this.#link(edges(now), 1)
      })
    }
    follow(pods, podEdges)
    follow(persistentvolumes, volumeEdges)
    follow(volumeattachments, (a) => toNode('volumeattachments', a.metadata.name, a.spec.nodeName))
    follow(resourceslices, (s) => toNode('resourceslices', s.metadata.name, s.spec.nodeName))
  }

  reaches(node: string, kind: Reachable, namespace: string | undefined, name: string): boolean {
    this.#follow()
    const goal = nodeVertex(node)
    const seen = new Set<string>()
    const open = [vertex(kind, namespace, name)]
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (seen.has(at)) continue
      seen.add(at)
      const next = this.#serves.get(at)
      if (next?.has(goal)) return true
      if (next) open.push(...next.keys())
    }
    return false
  }

  #link(edges: readonly Edge[], by: 1 | -1): void {
    for (const [from, to] of edges) {
      const targets = this.#serves.get(from) ?? new Map<string, number>()
      const count = (targets.get(to) ?? 0) + by
      if (count > 0) targets.set(to, count)
      else targets.delete(to)
      if (targets.size > 0) this.#serves.set(from, targets)
      else this.#serves.delete(from)
    }
  }
}

type Edge = readonly [from: string, to: string]
const nodeVertex = (name: string): string => `nodes//${name}`

function toNode(kind: Reachable, name: string | undefined, node: string | undefined): Edge[] {
  return node ? [[vertex(kind, undefined, name ?? ''), nodeVertex(node)]] : []
}

function podEdges(pod: Pod): Edge[] {
  const { spec, metadata } = pod
  if (!spec?.nodeName) return []
  const self = vertex('pods', metadata.namespace, metadata.name ?? '')
  const own: Edge = [self, nodeVertex(spec.nodeName)]
  // A node makes mirror pods itself: they must never give it access to anything.
  if (metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined) return [own]
  const to = (kind: Reachable, name: string | undefined): Edge[] => (name ? [[vertex(kind, metadata.namespace, name), self]] : [])
  const containers: Container[] = [
    ...(spec.initContainers ?? []),
    ...(spec.containers ?? []),
    ...((spec.ephemeralContainers ?? []) as Container[]),
  ]
  return [
    own,
    ...to('serviceaccounts', spec.serviceAccountName),
    ...(spec.imagePullSecrets ?? []).flatMap((s) => to('secrets', s.name)),
    ...containers.flatMap((c) => [
      ...(c.envFrom ?? []).flatMap((e) => [...to('secrets', e.secretRef?.name), ...to('configmaps', e.configMapRef?.name)]),
      ...(c.env ?? []).flatMap((e) => [
        ...to('secrets', e.valueFrom?.secretKeyRef?.name),
        ...to('configmaps', e.valueFrom?.configMapKeyRef?.name),
      ]),
    ]),
    ...(spec.volumes ?? []).flatMap((volume) => [
      ...volumeSecrets(volume).flatMap((name) => to('secrets', name)),
      ...to('configmaps', volume.configMap?.name),
      ...(volume.projected?.sources ?? []).flatMap((s) => [
        ...to('secrets', s.secret?.name),
        ...to('configmaps', s.configMap?.name),
      ]),
      ...to('persistentvolumeclaims', volume.persistentVolumeClaim?.claimName),
      ...to('persistentvolumeclaims', volume.ephemeral ? `${metadata.name}-${volume.name}` : undefined),
    ]),
    ...(spec.resourceClaims ?? []).flatMap((c) => to('resourceclaims', c.resourceClaimName)),
    ...(pod.status?.resourceClaimStatuses ?? []).flatMap((c) => to('resourceclaims', c.resourceClaimName)),
  ]
}

function volumeSecrets(v: Volume): (string | undefined)[] {
  const references = [v.cephfs, v.cinder, v.flexVolume, v.rbd, v.scaleIO, v.iscsi, v.storageos].map(
    (source) => source?.secretRef?.name,
  )
  return [v.secret?.secretName, v.azureFile?.secretName, v.csi?.nodePublishSecretRef?.name, ...references]
}

function volumeEdges(volume: PersistentVolume): Edge[] {
  const { spec, metadata } = volume
  const claim = spec?.claimRef
  if (!spec || !claim?.name) return []
  const self = vertex('persistentvolumes', undefined, metadata.name ?? '')
  const { csi } = spec
  const references = [
    ...[spec.cephfs, spec.cinder, spec.flexVolume, spec.rbd, spec.scaleIO, spec.iscsi, spec.storageos].map((s) => s?.secretRef),
    ...[csi?.nodePublishSecretRef, csi?.nodeStageSecretRef, csi?.nodeExpandSecretRef],
    spec.azureFile ? { name: spec.azureFile.secretName, namespace: spec.azureFile.secretNamespace } : undefined,
  ]
  const secrets = references.flatMap((r): Edge[] =>
    r?.name ? [[vertex('secrets', r.namespace || claim.namespace, r.name), self]] : [],
  )
  return [[self, vertex('persistentvolumeclaims', claim.namespace, claim.name)], ...secrets]
}
