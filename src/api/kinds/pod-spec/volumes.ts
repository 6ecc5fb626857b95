import { duplicate, forbiddenField, invalid, required } from '../../../apimachinery/field-error.ts'
import type { Volume } from '../../../apimachinery/kinds.generated.ts'
import { isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { signOf } from '../../../apimachinery/quantity.ts'
import { validateClaimTemplate } from '../core/persistent-volume/claim-spec.ts'
import { checkChoice, checkLabel, type Errors, pushInvalid, requireText } from '../errors.ts'
import type { PodRules } from './options.ts'
import { checkDescendingPath } from './paths.ts'
import { checkMode, validateDownwardFiles, validateItems, validateProjected } from './projected.ts'
import {
  checkCsiDriver,
  iscsiNameText,
  iscsiNameTooLong,
  requireSecret,
  validateAwsDisk,
  validateAzureDisk,
  validateCephFs,
  validateFc,
  validateFlex,
  validateFlocker,
  validateGceDisk,
  validateHostPath,
  validateIscsi,
  validateNfs,
  validateQuobyte,
  validateRbd,
  validateScaleIo,
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
    validateSource(volume, path, rules, own)
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

interface Source {
  readonly field: Exclude<keyof Volume, 'name'>
  /** The field's name in a complaint that there is more than one, where Kubernetes misspells it. */
  readonly as?: string
  readonly check: (volume: Volume, at: string, rules: PodRules, errors: Errors) => void
}

const source = <K extends Exclude<keyof Volume, 'name'>>(
  field: K,
  check: (source: NonNullable<Volume[K]>, at: string, errors: Errors, rules: PodRules, volume: Volume) => void,
  as?: string,
): Source => ({
  field,
  ...(as === undefined ? {} : { as }),
  check: (volume, at, rules, errors) => check(volume[field] as NonNullable<Volume[K]>, at, errors, rules, volume),
})

const requires =
  (...fields: string[]) =>
  (value: object, at: string, errors: Errors): void => {
    for (const field of fields) {
      const text = (value as Record<string, unknown>)[field]
      if (text === undefined || text === '' || text === null) errors.push(required(`${at}.${field}`))
    }
  }

/** In Kubernetes' order: the first one found is the volume's, the others are too many. */
const sources: readonly Source[] = [
  source('hostPath', validateHostPath),
  source('gitRepo', (repo, at, errors) => {
    requireText(repo.repository, `${at}.repository`, errors)
    checkDescendingPath(repo.directory ?? '', `${at}.directory`, errors)
  }),
  source('gcePersistentDisk', validateGceDisk),
  source('awsElasticBlockStore', validateAwsDisk),
  source('secret', (secret, at, errors) => {
    requireText(secret.secretName, `${at}.secretName`, errors)
    checkMode(secret.defaultMode, `${at}.defaultMode`, errors)
    validateItems(secret.items, `${at}.items`, errors)
  }),
  source('nfs', validateNfs),
  source('iscsi', (iscsi, at, errors) => validateIscsi(iscsi, at, errors)),
  source('glusterfs', requires('endpoints', 'path')),
  source('flocker', validateFlocker),
  source('persistentVolumeClaim', requires('claimName')),
  source('rbd', validateRbd),
  source('cinder', (cinder, at, errors) => {
    requireText(cinder.volumeID, `${at}.volumeID`, errors)
    requireSecret(cinder.secretRef, `${at}.secretRef`, errors)
  }),
  source('cephfs', validateCephFs, 'cephFS'),
  source('quobyte', validateQuobyte),
  source(
    'downwardAPI',
    (downward, at, errors) => {
      checkMode(downward.defaultMode, `${at}.defaultMode`, errors)
      validateDownwardFiles(downward.items, at, errors)
    },
    'downwarAPI',
  ),
  source('fc', validateFc),
  source('flexVolume', validateFlex),
  source('configMap', (map, at, errors) => {
    requireText(map.name, `${at}.name`, errors)
    checkMode(map.defaultMode, `${at}.defaultMode`, errors)
    validateItems(map.items, `${at}.items`, errors)
  }),
  source('azureFile', requires('secretName', 'shareName')),
  source('vsphereVolume', requires('volumePath')),
  source('photonPersistentDisk', requires('pdID')),
  source('portworxVolume', requires('volumeID')),
  source('azureDisk', validateAzureDisk),
  source('storageos', (os, at, errors) => validateStorageOs(os, at, errors)),
  source('projected', (projected, at, errors, rules) => validateProjected(projected, at, rules.anyTokenPath, errors)),
  source('scaleIO', validateScaleIo),
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

function validateSource(volume: Volume, at: string, rules: PodRules, errors: Errors): void {
  let found = false
  if (volume.emptyDir) {
    found = true
    const limit = volume.emptyDir.sizeLimit
    const text = 'SizeLimit field must be a valid resource quantity'
    if (limit !== undefined && signOf(limit) < 0) errors.push(forbiddenField(`${at}.emptyDir.sizeLimit`, text))
  }
  for (const one of sources) {
    if (!volume[one.field]) continue
    if (found) errors.push(forbiddenField(`${at}.${one.as ?? one.field}`, 'may not specify more than 1 volume type'))
    else one.check(volume, `${at}.${one.field}`, rules, errors)
    found = true
  }
  const { iscsi } = volume
  if (iscsi?.initiatorName != null && iscsiNameTooLong(volume.name, iscsi.targetPortal)) {
    errors.push(invalid(`${at}.name`, volume.name, iscsiNameText))
  }
  if (!found) errors.push(required(at, 'must specify a volume type'))
}
