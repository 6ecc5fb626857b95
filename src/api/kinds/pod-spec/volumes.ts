import { duplicate, forbiddenField, invalid, required } from '../../../apimachinery/field-error.ts'
import type { Volume } from '../../../apimachinery/kinds.generated.ts'
import { isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { signOf } from '../../../apimachinery/quantity.ts'
import { validateClaimTemplate } from '../core/persistent-volume/claim-spec.ts'
import { checkChoice, checkLabel, type Errors, pushInvalid, requireText } from '../errors.ts'
import type { PodRules } from './options.ts'
import { checkDescendingPath } from './paths.ts'
import { checkMode, validateDownwardFiles, validateItems, validateProjected } from './projected.ts'
import { sourcesOf, validateSource } from './volume-source-table.ts'
import {
  checkCsiDriver,
  iscsiNameText,
  iscsiNameTooLong,
  requireSecret,
  requires,
  validateIscsi,
  validateStorageOs,
} from './volume-sources.ts'

export type Volumes = ReadonlyMap<string, Volume>

/** Validates the volumes and returns those that are right, by name. */
export function validateVolumes(volumes: readonly Volume[], at: string, rules: PodRules, errors: Errors): Volumes {
  const known = new Map<string, Volume>()
  const podName = rules.meta?.name
  const created = new Set(podName ? volumes.filter((v) => v.ephemeral).map((v) => `${podName}-${v.name}`) : [])
  volumes.forEach((volume, i) => {
    const path = `${at}[${i}]`
    const own: Errors = []
    validateSource(sources, volume, path, own, rules)
    const { iscsi } = volume
    if (iscsi?.initiatorName != null && iscsiNameTooLong(volume.name, iscsi.targetPortal)) {
      own.push(invalid(`${path}.name`, volume.name, iscsiNameText))
    }
    if (requireText(volume.name, `${path}.name`, own)) checkLabel(volume.name, `${path}.name`, own)
    if (known.has(volume.name)) own.push(duplicate(`${path}.name`, volume.name))
    if (own.length === 0) known.set(volume.name, volume)
    else errors.push(...own)
    const claim = volume.persistentVolumeClaim?.claimName
    if (claim && created.has(claim)) {
      const text = 'must not reference a PVC that gets created for an ephemeral volume'
      errors.push(invalid(`${path}.persistentVolumeClaim.claimName`, claim, text))
    }
  })
  return known
}

const { source, shared } = sourcesOf<Volume, PodRules>()

/** In Kubernetes' order. */
const sources = [
  source('emptyDir', ({ sizeLimit }, at, errors) => {
    const text = 'SizeLimit field must be a valid resource quantity'
    if (sizeLimit !== undefined && signOf(sizeLimit) < 0) errors.push(forbiddenField(`${at}.sizeLimit`, text))
  }),
  shared('hostPath'),
  source('gitRepo', (repo, at, errors) => {
    requireText(repo.repository, `${at}.repository`, errors)
    checkDescendingPath(repo.directory ?? '', `${at}.directory`, errors)
  }),
  shared('gcePersistentDisk'),
  shared('awsElasticBlockStore'),
  source('secret', (secret, at, errors) => {
    requireText(secret.secretName, `${at}.secretName`, errors)
    checkMode(secret.defaultMode, `${at}.defaultMode`, errors)
    validateItems(secret.items, `${at}.items`, errors)
  }),
  shared('nfs'),
  source('iscsi', (iscsi, at, errors) => validateIscsi(iscsi, at, errors)),
  source('glusterfs', requires('endpoints', 'path')),
  shared('flocker'),
  source('persistentVolumeClaim', requires('claimName')),
  shared('rbd'),
  source('cinder', (cinder, at, errors) => {
    requireText(cinder.volumeID, `${at}.volumeID`, errors)
    requireSecret(cinder.secretRef, `${at}.secretRef`, errors)
  }),
  shared('cephfs', { as: 'cephFS' }),
  shared('quobyte'),
  source(
    'downwardAPI',
    (downward, at, errors) => {
      checkMode(downward.defaultMode, `${at}.defaultMode`, errors)
      validateDownwardFiles(downward.items, at, errors)
    },
    { as: 'downwarAPI' },
  ),
  shared('fc'),
  shared('flexVolume'),
  source('configMap', (map, at, errors) => {
    requireText(map.name, `${at}.name`, errors)
    checkMode(map.defaultMode, `${at}.defaultMode`, errors)
    validateItems(map.items, `${at}.items`, errors)
  }),
  source('azureFile', requires('secretName', 'shareName')),
  shared('vsphereVolume'),
  shared('photonPersistentDisk'),
  shared('portworxVolume'),
  shared('azureDisk'),
  source('storageos', (os, at, errors) => validateStorageOs(os, at, errors)),
  source('projected', (projected, at, errors, rules) => validateProjected(projected, at, rules.anyTokenPath, errors)),
  shared('scaleIO'),
  source('csi', (csi, at, errors) => {
    checkCsiDriver(csi.driver, `${at}.driver`, errors)
    if (!csi.nodePublishSecretRef) return
    const name = csi.nodePublishSecretRef.name ?? ''
    if (name === '') errors.push(required(`${at}.nodePublishSecretRef.name`))
    else pushInvalid(errors, `${at}.name`, name, isDns1123Subdomain(name))
  }),
  source('ephemeral', (ephemeral, at, errors, rules, volume) => {
    if (!ephemeral.volumeClaimTemplate) errors.push(required(`${at}.volumeClaimTemplate`))
    else validateClaimTemplate(ephemeral.volumeClaimTemplate, `${at}.volumeClaimTemplate`, errors)
    const podName = rules.meta?.name
    if (!podName || !volume.name) return
    const claim = `${podName}-${volume.name}`
    const path = at.replace(/ephemeral$/, 'name')
    for (const problem of isDns1123Subdomain(claim)) {
      errors.push(invalid(path, volume.name, `PVC name ${JSON.stringify(claim)}: ${problem}`))
    }
  }),
  source('image', (image, at, errors, rules) => {
    if (rules.isPod && !image.reference) errors.push(required(`${at}.reference`))
    checkChoice(image.pullPolicy, ['Always', 'IfNotPresent', 'Never'], `${at}.pullPolicy`, errors)
  }),
]
