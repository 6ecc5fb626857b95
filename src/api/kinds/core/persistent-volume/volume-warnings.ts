import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  PersistentVolumeSpec,
} from '../../../../apimachinery/kinds.generated.ts'
import { isWhole } from '../../../../apimachinery/quantity.ts'
import { termWarnings } from '../../node-labels.ts'

const classText = 'deprecated since v1.8; use "storageClassName" attribute instead'
const annotations = [
  ['volume.beta.kubernetes.io/storage-class', classText],
  ['volume.beta.kubernetes.io/mount-options', 'deprecated since v1.31; use "mountOptions" attribute instead'],
] as const

const sources = [
  ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'deprecated in v1.22, non-functional in v1.25+', 'storageOS'],
  ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
] as const satisfies readonly (readonly [keyof PersistentVolumeSpec, string, string?])[]

export function volumeWarnings({ metadata, spec }: PersistentVolume): string[] {
  const warnings = annotations.flatMap(([key, text]) =>
    metadata.annotations?.[key] === undefined ? [] : [`metadata.annotations[${key}]: ${text}`],
  )
  if (spec?.persistentVolumeReclaimPolicy === 'Recycle') {
    const text = 'The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.'
    warnings.push(`spec.persistentVolumeReclaimPolicy: ${text}`)
  }
  for (const [i, term] of (spec?.nodeAffinity?.required?.nodeSelectorTerms ?? []).entries()) {
    warnings.push(...termWarnings(term, `spec.nodeAffinity.required.nodeSelectorTerms[${i}]`))
  }
  for (const [field, text, shown = field] of sources) if (spec?.[field]) warnings.push(`spec.${shown}: ${text}`)
  return warnings
}

/** Storage is asked for in whole bytes. */
export function claimSpecWarnings(spec: PersistentVolumeClaimSpec | undefined, at: string): string[] {
  return (['requests', 'limits'] as const).flatMap((list) => {
    const value = spec?.resources?.[list]?.storage
    if (value === undefined || isWhole(value)) return []
    return [`${at}.resources.${list}[storage]: fractional byte value ${JSON.stringify(value)} is invalid, must be an integer`]
  })
}

export function claimWarnings({ metadata, spec }: PersistentVolumeClaim): string[] {
  const [[key]] = annotations
  const old = metadata.annotations?.[key] === undefined ? [] : [`metadata.annotations[${key}]: ${classText}`]
  return [...old, ...claimSpecWarnings(spec, 'spec')]
}
