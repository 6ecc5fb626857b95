// Lets claims, volumes and attribute classes that are being deleted go when nothing uses them: pvc-, pv- and vac-protection.
import type { PersistentVolume, PersistentVolumeClaim, Pod, VolumeAttributesClass } from '../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import { persistentvolumeclaims, persistentvolumes, pods, volumeattributesclasses } from '../apimachinery/resources.generated.ts'
import { isNotFound } from '../apimachinery/status.ts'
import type { Client } from '../client/client.ts'
import { defineController, watching } from '../operators/controller.ts'

const finalizers = {
  claim: 'kubernetes.io/pvc-protection',
  volume: 'kubernetes.io/pv-protection',
  attributes: 'kubernetes.io/vac-protection',
} as const

/** The claims that a pod mounts, by name: its own and those made for its ephemeral volumes. */
export function claimsOf({ metadata, spec }: Pod): string[] {
  return (spec?.volumes ?? []).flatMap((v) => {
    if (v.persistentVolumeClaim) return [v.persistentVolumeClaim.claimName]
    return v.ephemeral ? [`${metadata.name}-${v.name}`] : []
  })
}

/** Whether a pod keeps its claims: once it is on a node, until it is gone; a finished one too, as its volumes may still be mounted. */
export const usesClaim = (pod: Pod, claim: string): boolean => Boolean(pod.spec?.nodeName) && claimsOf(pod).includes(claim)

/** What `finalizers` becomes: without `own` when the object is being deleted and unused, with it while it lives; undefined: as it is. */
export function settled({ metadata }: KubeObject, own: string, isUsed: () => boolean): readonly string[] | undefined {
  const now = metadata.finalizers ?? []
  const has = now.includes(own)
  if (metadata.deletionTimestamp) return has && !isUsed() ? now.filter((f) => f !== own) : undefined
  return has ? undefined : [...now, own]
}

/** The attribute classes that a claim has, gets or asks for. */
const classesOfClaim = ({ spec, status }: PersistentVolumeClaim): (string | undefined)[] => [
  spec?.volumeAttributesClassName,
  status?.currentVolumeAttributesClassName,
  status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
]

async function write<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  object: T,
  finalizers: readonly string[],
): Promise<void> {
  const { namespace, name = '', resourceVersion } = object.metadata
  const body = { metadata: { finalizers, resourceVersion } }
  try {
    await client.patch(resource, name, { type: 'merge', body }, resource.namespaced ? { namespace } : {})
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

export const claimProtectionController = defineController<PersistentVolumeClaim>({
  name: 'persistentvolumeclaim-protection-controller',
  for: persistentvolumeclaims,
  watches: [
    watching(
      pods,
      (pod) => claimsOf(pod).map((name) => `${pod.metadata.namespace}/${name}`),
      (now) => now === undefined,
    ),
  ],
  async reconcile(claim, { client, informers }) {
    const { namespace = '', name = '' } = claim.metadata
    const isUsedBy = (some: readonly Pod[]) => some.some((pod) => usesClaim(pod, name))
    const next = settled(claim, finalizers.claim, () => isUsedBy(informers.of(pods).byIndex('namespace', namespace)))
    // The informer may be behind a scheduler that has just bound a pod: data would be lost.
    const isBusy = next && claim.metadata.deletionTimestamp && isUsedBy((await client.list(pods, { namespace })).items)
    if (next && !isBusy) await write(client, persistentvolumeclaims, claim, next)
    return undefined
  },
})

export const volumeProtectionController = defineController<PersistentVolume>({
  name: 'persistentvolume-protection-controller',
  for: persistentvolumes,
  async reconcile(volume, { client }) {
    const next = settled(volume, finalizers.volume, () => volume.status?.phase === 'Bound')
    if (next) await write(client, persistentvolumes, volume, next)
    return undefined
  },
})

export const attributesProtectionController = defineController<VolumeAttributesClass>({
  name: 'volumeattributesclass-protection-controller',
  for: volumeattributesclasses,
  watches: [
    watching(persistentvolumeclaims, (claim) => classesOfClaim(claim).filter((name) => name !== undefined)),
    watching(persistentvolumes, ({ spec }) => (spec?.volumeAttributesClassName ? [spec.volumeAttributesClassName] : [])),
  ],
  async reconcile(attributes, { client, informers }) {
    const { name = '' } = attributes.metadata
    const isUsed = () =>
      informers
        .of(persistentvolumeclaims)
        .list()
        .some((claim) => classesOfClaim(claim).includes(name)) ||
      informers
        .of(persistentvolumes)
        .list()
        .some(({ spec }) => spec?.volumeAttributesClassName === name)
    const next = settled(attributes, finalizers.attributes, isUsed)
    if (next) await write(client, volumeattributesclasses, attributes, next)
    return undefined
  },
})
