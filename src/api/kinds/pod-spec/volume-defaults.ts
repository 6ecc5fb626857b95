import type {
  AzureDiskVolumeSource,
  HostPathVolumeSource,
  ISCSIVolumeSource,
  PersistentVolumeClaimSpec,
  ProjectedVolumeSource,
  RBDVolumeSource,
  ScaleIOVolumeSource,
  Volume,
} from '../../../apimachinery/kinds.generated.ts'
import { imageTag } from './image-reference.ts'
import { roundRequirements } from './resource-list.ts'

/** The mode of files in configMap, secret, projected and downwardAPI volumes. */
const fileMode = 0o644

/** SetDefaults_Volume and the defaults of each source. */
export function defaultVolume(volume: Volume): void {
  if (!hasSource(volume)) volume.emptyDir = {}
  if (volume.image && !volume.image.pullPolicy) {
    volume.image.pullPolicy = imageTag(volume.image.reference ?? '') === 'latest' ? 'Always' : 'IfNotPresent'
  }
  if (volume.secret) volume.secret.defaultMode ??= fileMode
  if (volume.configMap) volume.configMap.defaultMode ??= fileMode
  if (volume.downwardAPI) {
    volume.downwardAPI.defaultMode ??= fileMode
    for (const item of volume.downwardAPI.items ?? []) defaultFieldRef(item.fieldRef)
  }
  if (volume.projected) defaultProjected(volume.projected)
  if (volume.ephemeral?.volumeClaimTemplate) defaultClaimSpec(volume.ephemeral.volumeClaimTemplate.spec)
  defaultDisks(volume)
}

function hasSource(volume: Volume): boolean {
  for (const key in volume) if (key !== 'name' && volume[key as keyof Volume] != null) return true
  return false
}

/** Defaults of the sources that pods and persistent volumes share. */
export function defaultDisks(source: {
  hostPath?: HostPathVolumeSource
  iscsi?: Pick<ISCSIVolumeSource, 'iscsiInterface'>
  rbd?: Pick<RBDVolumeSource, 'pool' | 'user' | 'keyring'>
  azureDisk?: AzureDiskVolumeSource
  scaleIO?: Pick<ScaleIOVolumeSource, 'storageMode' | 'fsType'>
}): void {
  const { hostPath, iscsi, rbd, azureDisk, scaleIO } = source
  if (hostPath) hostPath.type ??= ''
  if (iscsi && !iscsi.iscsiInterface) iscsi.iscsiInterface = 'default'
  if (rbd) {
    if (!rbd.pool) rbd.pool = 'rbd'
    if (!rbd.user) rbd.user = 'admin'
    if (!rbd.keyring) rbd.keyring = '/etc/ceph/keyring'
  }
  if (azureDisk) {
    azureDisk.cachingMode ??= 'ReadWrite'
    azureDisk.fsType ??= 'ext4'
    azureDisk.readOnly ??= false
    azureDisk.kind ??= 'Shared'
  }
  if (scaleIO) {
    if (!scaleIO.storageMode) scaleIO.storageMode = 'ThinProvisioned'
    if (!scaleIO.fsType) scaleIO.fsType = 'xfs'
  }
}

function defaultProjected(projected: ProjectedVolumeSource): void {
  projected.defaultMode ??= fileMode
  for (const source of projected.sources ?? []) {
    for (const item of source.downwardAPI?.items ?? []) defaultFieldRef(item.fieldRef)
    if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= 3600
  }
}

export function defaultFieldRef(ref: { apiVersion?: string } | undefined): void {
  if (ref && !ref.apiVersion) ref.apiVersion = 'v1'
}

export function defaultClaimSpec(spec: PersistentVolumeClaimSpec | undefined): void {
  if (!spec) return
  spec.volumeMode ??= 'Filesystem'
  roundRequirements(spec.resources)
}
