import { invalid, notSupported, required } from '../../../apimachinery/field-error.ts'
import type {
  AWSElasticBlockStoreVolumeSource,
  AzureDiskVolumeSource,
  FCVolumeSource,
  FlexVolumeSource,
  GCEPersistentDiskVolumeSource,
  HostPathVolumeSource,
  ISCSIVolumeSource,
  QuobyteVolumeSource,
} from '../../../apimachinery/kinds.generated.ts'
import { isDns1123Subdomain, isLonger, rangeText } from '../../../apimachinery/names.ts'
import { checkLabel, checkSupported, type Errors, pushInvalid, requireText } from '../errors.ts'
import { checkNoBacksteps } from './paths.ts'

/** Checks of the sources that both volumes of pods and persistent volumes have. Each is `(source, at, errors)`. */

const hostPathTypes = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket']

function validateHostPath(source: HostPathVolumeSource, at: string, errors: Errors): void {
  if (!requireText(source.path, `${at}.path`, errors)) return
  checkNoBacksteps(source.path, `${at}.path`, errors)
  if (source.type != null) checkSupported(source.type, hostPathTypes, `${at}.type`, errors)
}

const iqn = /^iqn\.\d{4}-\d{2}\.([a-z0-9-.]+)(:[^,;*&$|\s]+)$/
const eui = /^eui.[a-zA-Z0-9]{16}$/
const naa = /^naa.[a-zA-Z0-9]{32}$/
const qualified = (name: string): boolean | undefined => {
  if (name.startsWith('iqn')) return iqn.test(name)
  if (name.startsWith('eui')) return eui.test(name)
  return name.startsWith('naa') ? naa.test(name) : undefined
}

function checkInitiator(name: string, at: string, errors: Errors, noPrefixText: string): void {
  const ok = qualified(name)
  if (ok === undefined) errors.push(invalid(at, name, noPrefixText))
  else if (!ok) errors.push(invalid(at, name, 'must be valid format'))
}

type Iscsi = Omit<ISCSIVolumeSource, 'secretRef'> & { secretRef?: { name?: string } }

/** In persistent volumes the texts are shorter and a secret needs a name. */
export function validateIscsi(source: Iscsi, at: string, errors: Errors, persistent = false): void {
  const noPrefix = persistent ? 'must be valid format' : 'must be valid format starting with iqn, eui, or naa'
  requireText(source.targetPortal, `${at}.targetPortal`, errors)
  if (requireText(source.iqn, `${at}.iqn`, errors)) checkInitiator(source.iqn, `${at}.iqn`, errors, noPrefix)
  if (source.lun < 0 || source.lun > 255) errors.push(invalid(`${at}.lun`, source.lun, rangeText(0, 255)))
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef) errors.push(required(`${at}.secretRef`))
  if (persistent && source.secretRef && !source.secretRef.name) errors.push(required(`${at}.secretRef.name`))
  if (source.initiatorName != null) checkInitiator(source.initiatorName, `${at}.initiatorname`, errors, noPrefix)
}

export const iscsiNameTooLong = (volume: string, portal: string | undefined): boolean => isLonger(`${volume}:${portal ?? ''}`, 64)
export const iscsiNameText =
  'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.'

function validateFc(source: FCVolumeSource, at: string, errors: Errors): void {
  const names = source.targetWWNs?.length ?? 0
  const ids = source.wwids?.length ?? 0
  if (names < 1 && ids < 1) errors.push(required(`${at}.targetWWNs`, 'must specify either targetWWNs or wwids, but not both'))
  if (names > 0 && ids > 0) {
    errors.push(invalid(`${at}.targetWWNs`, source.targetWWNs, 'targetWWNs and wwids can not be specified simultaneously'))
  }
  if (names === 0) return
  if (source.lun == null) errors.push(required(`${at}.lun`, 'lun is required if targetWWNs is specified'))
  else if (source.lun < 0 || source.lun > 255) errors.push(invalid(`${at}.lun`, source.lun, rangeText(0, 255)))
}

const partitionText = rangeText(1, 255)
function checkPartition(partition: number | undefined, at: string, errors: Errors): void {
  if (partition !== undefined && (partition < 0 || partition > 255)) errors.push(invalid(at, partition, partitionText))
}

/** Kubernetes names the field otherwise in its complaints. */
function validateGceDisk(source: GCEPersistentDiskVolumeSource, at: string, errors: Errors): void {
  const path = at.replace(/gcePersistentDisk$/, 'persistentDisk')
  requireText(source.pdName, `${path}.pdName`, errors)
  checkPartition(source.partition, `${path}.partition`, errors)
}

function validateAwsDisk(source: AWSElasticBlockStoreVolumeSource, at: string, errors: Errors): void {
  requireText(source.volumeID, `${at}.volumeID`, errors)
  checkPartition(source.partition, `${at}.partition`, errors)
}

function validateCephFs(source: { monitors?: readonly string[] }, at: string, errors: Errors): void {
  if (!source.monitors?.length) errors.push(required(`${at}.monitors`))
}

function validateRbd(source: { monitors?: readonly string[]; image?: string }, at: string, errors: Errors): void {
  validateCephFs(source, at, errors)
  requireText(source.image, `${at}.image`, errors)
}

function validateNfs(source: { server: string; path: string }, at: string, errors: Errors): void {
  requireText(source.server, `${at}.server`, errors)
  requireText(source.path, `${at}.path`, errors)
  if (!source.path?.startsWith('/')) errors.push(invalid(`${at}.path`, source.path ?? '', 'must be an absolute path'))
}

/** `host:port`, as net.SplitHostPort takes it. */
const hostPort = /^(?:[^:[\]]*|\[[^[\]]*\]):[^:[\]]*$/
const hostPortText = 'must be a host:port pair or multiple pairs separated by commas'

function validateQuobyte(source: QuobyteVolumeSource, at: string, errors: Errors): void {
  if (!source.registry) errors.push(required(`${at}.registry`, hostPortText))
  else if (isLonger(source.tenant ?? '', 64)) {
    errors.push(required(`${at}.tenant`, 'must be a UUID and may not exceed a length of 64 characters'))
  } else {
    for (const pair of source.registry.split(',')) {
      if (!hostPort.test(pair)) errors.push(invalid(`${at}.registry`, source.registry, hostPortText))
    }
  }
  requireText(source.volume, `${at}.volume`, errors)
}

function validateFlocker(source: { datasetName?: string; datasetUUID?: string }, at: string, errors: Errors): void {
  const { datasetName = '', datasetUUID = '' } = source
  if (!datasetName && !datasetUUID) errors.push(required(at, 'one of datasetName and datasetUUID is required'))
  if (datasetName && datasetUUID) {
    errors.push(invalid(at, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'))
  }
  if (datasetName.includes('/')) errors.push(invalid(`${at}.datasetName`, datasetName, "must not contain '/'"))
}

function validateFlex(source: Pick<FlexVolumeSource, 'driver' | 'options'>, at: string, errors: Errors): void {
  requireText(source.driver, `${at}.driver`, errors)
  for (const key of Object.keys(source.options ?? {})) {
    const slash = key.indexOf('/')
    const domain = `.${(slash < 0 ? key : key.slice(0, slash)).toLowerCase()}`
    if (!domain.endsWith('.kubernetes.io') && !domain.endsWith('.k8s.io')) continue
    errors.push(invalid(`${at}.options[${key}]`, key, 'kubernetes.io and k8s.io namespaces are reserved'))
  }
}

const managedUri = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}'
const blobUri = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd'

function validateAzureDisk(source: AzureDiskVolumeSource, at: string, errors: Errors): void {
  requireText(source.diskName, `${at}.diskName`, errors)
  requireText(source.diskURI, `${at}.diskURI`, errors)
  const { cachingMode, kind, diskURI } = source
  if (cachingMode != null) checkSupported(cachingMode, ['None', 'ReadOnly', 'ReadWrite'], `${at}.cachingMode`, errors)
  if (kind == null) return
  checkSupported(kind, ['Dedicated', 'Managed', 'Shared'], `${at}.kind`, errors)
  if (kind === 'Managed') {
    if (!diskURI.startsWith('/subscriptions/')) errors.push(notSupported(`${at}.diskURI`, diskURI, [managedUri]))
  } else if (!diskURI.startsWith('https://')) errors.push(notSupported(`${at}.diskURI`, diskURI, [blobUri]))
}

interface SecretRef {
  name?: string
  namespace?: string
}

export function requireSecret(ref: SecretRef | undefined, at: string, errors: Errors, persistent = false): void {
  if (!ref) return
  requireText(ref.name, `${at}.name`, errors)
  if (persistent) requireText(ref.namespace, `${at}.namespace`, errors)
}

type StorageOs = { volumeName?: string; volumeNamespace?: string; secretRef?: SecretRef }

export function validateStorageOs(source: StorageOs, at: string, errors: Errors, persistent = false): void {
  const { volumeName, volumeNamespace, secretRef } = source
  if (requireText(volumeName, `${at}.volumeName`, errors)) checkLabel(volumeName ?? '', `${at}.volumeName`, errors)
  if (volumeNamespace) checkLabel(volumeNamespace, `${at}.volumeNamespace`, errors)
  requireSecret(secretRef, `${at}.secretRef`, errors, persistent)
}

type ScaleIo = { gateway: string; system: string; volumeName?: string }
function validateScaleIo(source: ScaleIo, at: string, errors: Errors): void {
  requireText(source.gateway, `${at}.gateway`, errors)
  requireText(source.system, `${at}.system`, errors)
  requireText(source.volumeName, `${at}.volumeName`, errors)
}

export function checkCsiDriver(driver: string | undefined, at: string, errors: Errors): void {
  if (!requireText(driver, at, errors)) return
  const name = driver ?? ''
  if (isLonger(name, 63))
    errors.push({ type: 'FieldValueTooLong', field: at, message: 'Too long: may not be more than 63 bytes' })
  pushInvalid(errors, at, name, isDns1123Subdomain(name.toLowerCase()))
}

/** A check that these fields are set. */
export const requires =
  <F extends string>(...fields: readonly F[]) =>
  (source: { readonly [K in F]?: string }, at: string, errors: Errors): void => {
    for (const field of fields) requireText(source[field], `${at}.${field}`, errors)
  }

/** What is checked alike in both, by field. */
export const sharedSources = {
  hostPath: validateHostPath,
  gcePersistentDisk: validateGceDisk,
  awsElasticBlockStore: validateAwsDisk,
  flocker: validateFlocker,
  nfs: validateNfs,
  rbd: validateRbd,
  quobyte: validateQuobyte,
  cephfs: validateCephFs,
  fc: validateFc,
  flexVolume: validateFlex,
  azureDisk: validateAzureDisk,
  scaleIO: validateScaleIo,
  vsphereVolume: requires('volumePath'),
  photonPersistentDisk: requires('pdID'),
  portworxVolume: requires('volumeID'),
} as const
