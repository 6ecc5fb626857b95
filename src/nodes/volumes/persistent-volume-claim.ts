import { checkHostPath } from './host-path.ts'
import type { PreparedVolume, VolumeContext, VolumeKind } from './kind.ts'
import { giveToGroup } from './ownership.ts'
import { groupOf } from './payload.ts'

/** The folder of the PersistentVolume that `claimName` is bound to. */
async function setUpClaim(context: VolumeContext, claimName: string, readOnly: boolean, owner?: string): Promise<PreparedVolume> {
  const namespace = context.pod.metadata.namespace ?? ''
  const claim = await context.sources.claim(namespace, claimName)
  if (!claim) throw new Error(`persistentvolumeclaim "${claimName}" not found`)
  if (owner && !claim.metadata.ownerReferences?.some((o) => o.uid === owner))
    throw new Error(
      `PVC ${namespace}/${claimName} was not created for pod ${namespace}/${context.pod.metadata.name} (pod is not owner)`,
    )
  const volumeName = claim.spec?.volumeName
  if (!volumeName || claim.status?.phase !== 'Bound') throw new Error(`PVC ${namespace}/${claimName} is not bound`)
  const volume = await context.sources.persistentVolume(volumeName)
  if (!volume) throw new Error(`persistentvolume "${volumeName}" not found`)
  const path = volume.spec?.hostPath?.path ?? volume.spec?.local?.path
  if (!path) throw new Error(`persistentvolume "${volumeName}": this node mounts only hostPath and local volumes`)
  await checkHostPath(path, volume.spec?.hostPath ? (volume.spec.hostPath.type ?? '') : 'Directory')
  const group = groupOf(context.pod)
  // As kubelet: hostPath volumes keep their owner, local ones are given to the pod's group.
  if (group !== undefined && volume.spec?.local && !readOnly)
    await giveToGroup(path, group, context.pod.spec?.securityContext?.fsGroupChangePolicy === 'OnRootMismatch')
  return { path, readOnly }
}

export const claimVolume: VolumeKind = {
  field: 'persistentVolumeClaim',
  setUp: (volume, context) =>
    setUpClaim(context, volume.persistentVolumeClaim?.claimName ?? '', volume.persistentVolumeClaim?.readOnly ?? false),
}

export const ephemeralVolume: VolumeKind = {
  field: 'ephemeral',
  setUp: (volume, context) => setUpClaim(context, `${context.pod.metadata.name}-${volume.name}`, false, context.pod.metadata.uid),
}
