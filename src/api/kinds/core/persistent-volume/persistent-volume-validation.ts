import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../../../apimachinery/field-error.ts'
import type { PersistentVolume, PersistentVolumeSpec } from '../../../../apimachinery/kinds.generated.ts'
import { isDns1123Label, isDns1123Subdomain, isLabelValue } from '../../../../apimachinery/names.ts'
import { quantityValue, signOf } from '../../../../apimachinery/quantity.ts'
import { internal } from '../../../schema/internal.ts'
import { structDiff } from '../../diff.ts'
import {
  checkLabel,
  checkSubdomain,
  checkSupported,
  checkUnchanged,
  type Errors,
  isSame,
  isSameAs,
  notPositiveText,
  pushInvalid,
  requireText,
} from '../../errors.ts'
import type { KindContext } from '../../kind.ts'
import { validateNodeSelector } from '../../pod-spec/affinity.ts'
import { checkNoBacksteps } from '../../pod-spec/paths.ts'
import { sourcesOf, validateSource } from '../../pod-spec/volume-source-table.ts'
import {
  checkCsiDriver,
  iscsiNameText,
  iscsiNameTooLong,
  requireSecret,
  validateIscsi,
  validateStorageOs,
} from '../../pod-spec/volume-sources.ts'
import { validateAccessModes } from './claim-spec.ts'

type Spec = PersistentVolumeSpec

/** Checks are told the volume's name. */
const { source, shared } = sourcesOf<Spec, string>()

function checkSecretRef(ref: { name?: string; namespace?: string } | undefined, at: string, errors: Errors): void {
  if (!ref) return
  if (requireText(ref.name, `${at}.name`, errors)) checkSubdomain(ref.name ?? '', `${at}.name`, errors)
  if (requireText(ref.namespace, `${at}.namespace`, errors)) checkLabel(ref.namespace ?? '', `${at}.namespace`, errors)
}

/** In Kubernetes' order. */
const sources = [
  shared('hostPath'),
  shared('gcePersistentDisk'),
  shared('awsElasticBlockStore'),
  source('glusterfs', (volume, at, errors) => {
    requireText(volume.endpoints, `${at}.endpoints`, errors)
    requireText(volume.path, `${at}.path`, errors)
    const namespace = volume.endpointsNamespace
    const path = `${at}.endpointsNamespace`
    if (namespace === '') {
      errors.push(invalid(path, namespace, 'if the endpointnamespace is set, it must be a valid namespace name'))
    } else if (namespace != null) pushInvalid(errors, path, namespace, isDns1123Label(namespace))
  }),
  shared('flocker'),
  shared('nfs'),
  shared('rbd'),
  shared('quobyte'),
  shared('cephfs', { as: 'cephFS' }),
  source('iscsi', (iscsi, at, errors, name) => {
    validateIscsi(iscsi, at, errors, true)
    if (iscsi.initiatorName != null && iscsiNameTooLong(name, iscsi.targetPortal)) {
      errors.push(invalid(`${at}.targetportal`, iscsi.targetPortal, iscsiNameText))
    }
  }),
  source('cinder', (cinder, at, errors) => {
    requireText(cinder.volumeID, `${at}.volumeID`, errors)
    requireSecret(cinder.secretRef, `${at}.secretRef`, errors, true)
  }),
  shared('fc'),
  // A flex volume beside another is let through: so does Kubernetes.
  shared('flexVolume', { mayBeSecond: true }),
  source('azureFile', (file, at, errors) => {
    requireText(file.secretName, `${at}.secretName`, errors)
    requireText(file.shareName, `${at}.shareName`, errors)
    if (file.secretNamespace === '') errors.push(required(`${at}.secretNamespace`))
  }),
  shared('vsphereVolume'),
  shared('photonPersistentDisk'),
  shared('portworxVolume'),
  shared('azureDisk'),
  shared('scaleIO'),
  source('local', (local, at, errors, _, spec) => {
    if (requireText(local.path, `${at}.path`, errors)) checkNoBacksteps(local.path, `${at}.path`, errors)
    if (!spec.nodeAffinity) errors.push(required(at.replace(/local$/, 'nodeAffinity'), 'Local volume requires node affinity'))
  }),
  source('storageos', (os, at, errors) => validateStorageOs(os, at, errors, true)),
  source('csi', (csi, at, errors) => {
    checkCsiDriver(csi.driver, `${at}.driver`, errors)
    requireText(csi.volumeHandle, `${at}.volumeHandle`, errors)
    checkSecretRef(csi.controllerPublishSecretRef, `${at}.controllerPublishSecretRef`, errors)
    checkSecretRef(csi.controllerExpandSecretRef, `${at}.controllerExpandSecretRef`, errors)
    checkSecretRef(csi.nodePublishSecretRef, `${at}.nodePublishSecretRef`, errors)
    checkSecretRef(csi.nodeExpandSecretRef, `${at}.nodeExpandSecretRef`, errors)
  }),
]

function validateCapacity(capacity: Readonly<Record<string, string>> | undefined, at: string, errors: Errors): void {
  const names = Object.keys(capacity ?? {})
  if (names.length === 0) errors.push(required(at))
  if (!names.includes('storage') || names.length > 1)
    errors.push(notSupported(at, internal('map<string>Quantity', capacity), ['storage']))
  for (const name of names) {
    const quantity = capacity?.[name] ?? '0'
    const value = quantityValue(quantity)
    if (value < 0) errors.push(invalid(`${at}[${name}]`, value, 'must be a valid resource quantity'))
    if (signOf(quantity) <= 0) errors.push(invalid(`${at}[${name}]`, quantity, notPositiveText))
  }
}

const inline = 'in the context of inline volumes'

/** `isInline`: the volume that a VolumeAttachment holds. `anyAffinityValue`: the stored one already has odd label values. */
export function validateVolumeSpec(
  spec: Spec,
  at: string,
  { name, isInline = false, anyAffinityValue = false }: { name: string; isInline?: boolean; anyAffinityValue?: boolean },
  errors: Errors,
): void {
  if (isInline) validateInline(spec, at, errors)
  if (!spec.accessModes?.length) errors.push(required(`${at}.accessModes`))
  validateAccessModes(spec.accessModes ?? [], `${at}.accessModes`, errors)
  if (!isInline) {
    validateCapacity(spec.capacity, `${at}.capacity`, errors)
    const policy = spec.persistentVolumeReclaimPolicy
    if (policy) checkSupported(policy, ['Delete', 'Recycle', 'Retain'], `${at}.persistentVolumeReclaimPolicy`, errors)
    const affinity = spec.nodeAffinity
    if (affinity?.required) validateNodeSelector(affinity.required, `${at}.nodeAffinity.required`, anyAffinityValue, errors)
    else if (affinity) errors.push(required(`${at}.nodeAffinity.required`, 'must specify required node constraints'))
  }
  validateSource(sources, spec, at, errors, name)
  const root = spec.hostPath && /^\/[/.]*$/.test(spec.hostPath.path ?? '')
  if (root && spec.persistentVolumeReclaimPolicy === 'Recycle') {
    const text = "may not be 'recycle' for a hostPath mount of '/'"
    errors.push(forbiddenField(`${at}.persistentVolumeReclaimPolicy`, text))
  }
  validateClasses(spec, at, isInline, errors)
}

function validateInline(spec: Spec, at: string, errors: Errors): void {
  const refuse = (field: string) => errors.push(forbiddenField(`${at}.${field}`, `may not be specified ${inline}`))
  if (spec.claimRef) refuse('claimRef')
  if (Object.keys(spec.capacity ?? {}).length > 0) refuse('capacity')
  if (!spec.csi) errors.push(required(`${at}.csi`, `has to be specified ${inline}`))
  const policy = spec.persistentVolumeReclaimPolicy
  if (policy && policy !== 'Retain') {
    errors.push(forbiddenField(`${at}.persistentVolumeReclaimPolicy`, `may only be Retain ${inline}`))
  }
  if (spec.nodeAffinity) refuse('nodeAffinity')
}

function validateClasses(spec: Spec, at: string, isInline: boolean, errors: Errors): void {
  const { storageClassName, volumeMode, volumeAttributesClassName: attributes } = spec
  if (storageClassName) {
    const path = `${at}.storageClassName`
    if (isInline) errors.push(forbiddenField(path, `may not be specified ${inline}`))
    else pushInvalid(errors, path, storageClassName, isDns1123Subdomain(storageClassName))
  }
  if (volumeMode != null) {
    const path = `${at}.volumeMode`
    if (!isInline) checkSupported(volumeMode, ['Block', 'Filesystem'], path, errors)
    else if (volumeMode !== 'Filesystem') {
      errors.push(forbiddenField(path, `may not specify volumeMode other than Filesystem ${inline}`))
    }
  }
  if (attributes == null) return
  const path = `${at}.volumeAttributesClassName`
  if (attributes === '') errors.push(required(path, 'an empty string is disallowed'))
  else pushInvalid(errors, path, attributes, isDns1123Subdomain(attributes))
  if (!spec.csi) errors.push(required(`${at}.csi`, 'has to be specified when using volumeAttributesClassName'))
}

export function validateVolume({ spec, metadata }: PersistentVolume): FieldError[] {
  const errors: Errors = []
  if (spec) validateVolumeSpec(spec, 'spec', { name: metadata.name ?? '' }, errors)
  return errors
}

const hasOddValue = (spec: Spec): boolean =>
  spec.nodeAffinity?.required?.nodeSelectorTerms?.some((t) =>
    t.matchExpressions?.some((e) => e.values?.some((v) => isLabelValue(v).length > 0)),
  ) ?? false

export function validateVolumeUpdate(
  volume: PersistentVolume,
  old: PersistentVolume,
  { subresource }: KindContext,
): FieldError[] {
  const errors: Errors = []
  const { spec } = volume
  const before = old.spec
  if (subresource === 'status' || !spec || !before) return errors
  const options = { name: volume.metadata.name ?? '', anyAffinityValue: hasOddValue(before) }
  // Kubernetes' strategy validates it, and so does its update.
  validateVolumeSpec(spec, 'spec', options, errors)
  validateVolumeSpec(spec, 'spec', options, errors)
  const now = sourceOf(spec)
  const was = sourceOf(before)
  const { csi } = now as { csi?: Spec['csi'] }
  if (csi?.controllerExpandSecretRef && before.csi && !before.csi.controllerExpandSecretRef) {
    const { controllerExpandSecretRef: _, ...rest } = csi
    Object.assign(now, { csi: rest })
  }
  if (!isSameAs('core.PersistentVolumeSource', now, was)) {
    const text = 'spec.persistentvolumesource is immutable after creation'
    errors.push(forbiddenField('spec.persistentvolumesource', `${text}\n${structDiff('core.PersistentVolumeSource', was, now)}`))
  }
  checkUnchanged(spec.volumeMode, before.volumeMode, 'volumeMode', errors)
  if (before.nodeAffinity) validateAffinityChange(spec, before, errors)
  if (before.volumeAttributesClassName != null && spec.volumeAttributesClassName == null) {
    errors.push(forbiddenField('spec.volumeAttributesClassName', 'update from non-nil value to nil is forbidden'))
  }
  return errors
}

function sourceOf(spec: Spec): Record<string, unknown> {
  return Object.fromEntries(sources.flatMap(({ field }) => (spec[field] ? [[field, spec[field]]] : [])))
}

/** Labels that were renamed when they left beta. */
const renamedLabels: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
}

function validateAffinityChange(spec: Spec, before: Spec, errors: Errors): void {
  const now = spec.nodeAffinity?.required?.nodeSelectorTerms ?? []
  const masked = before.nodeAffinity?.required?.nodeSelectorTerms?.map((term, i) => ({
    ...term,
    matchExpressions: term.matchExpressions?.map((e, j) => {
      // A key that has no new name may become empty: Kubernetes looks it up in a map of Go.
      const key = renamedLabels[e.key] ?? ''
      return (now[i]?.matchExpressions?.[j]?.key ?? '') === key ? { ...e, key } : e
    }),
  }))
  if (isSame(now, masked)) return
  errors.push(
    invalid(
      'nodeAffinity',
      internal('*core.VolumeNodeAffinity', spec.nodeAffinity),
      'field is immutable, except for updating from beta label to GA',
    ),
  )
}
