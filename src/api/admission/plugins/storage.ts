import type { PersistentVolumeClaim, StorageClass } from '../../../apimachinery/kinds.generated.ts'
import { compareQuantities } from '../../../apimachinery/quantity.ts'
import { storageclasses } from '../../../apimachinery/resources.generated.ts'
import type { Objects } from '../../objects.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { isResource, refuse } from '../refusal.ts'

const betaClass = 'volume.beta.kubernetes.io/storage-class'
const isClaim = (request: AdmissionRequest): boolean =>
  isResource(request, '', 'persistentvolumeclaims') && request.subresource === ''

/** A claim that names no class gets the default one, when there is one. */
export const defaultStorageClass = (objects: Objects): AdmissionPlugin => ({
  name: 'DefaultStorageClass',
  mutate: (request) => {
    if (request.operation !== 'CREATE' || !isClaim(request)) return
    const { spec, metadata } = request.object as PersistentVolumeClaim
    if (!spec || spec.storageClassName !== undefined || metadata.annotations?.[betaClass] !== undefined) return
    const name = defaultClass(objects.list(storageclasses))?.metadata.name
    if (name) spec.storageClassName = name
  },
})

/** The newest of those marked as default; of the same age the first by name. */
function defaultClass(classes: readonly StorageClass[]): StorageClass | undefined {
  const marks = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class']
  const made = (c: StorageClass): number => Date.parse(c.metadata.creationTimestamp ?? '') || 0
  return classes
    .filter((c) => marks.some((mark) => c.metadata.annotations?.[mark] === 'true'))
    .sort((a, b) => made(b) - made(a) || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))[0]
}

const finalizers: Readonly<Record<string, string | undefined>> = {
  'persistentvolumes.': 'kubernetes.io/pv-protection',
  'persistentvolumeclaims.': 'kubernetes.io/pvc-protection',
  'volumeattributesclasses.storage.k8s.io': 'kubernetes.io/vac-protection',
}

/** Claims and volumes get the finalizer that keeps them while they are in use. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  mutate: (request) => {
    const finalizer = finalizers[`${request.resource}.${request.group}`]
    const metadata = request.object?.metadata
    if (!finalizer || !metadata || request.operation !== 'CREATE' || request.subresource !== '') return
    if (!metadata.finalizers?.includes(finalizer)) metadata.finalizers = [...(metadata.finalizers ?? []), finalizer]
  },
}

/** Only a bound claim of a class that allows it may grow. */
export const persistentVolumeClaimResize = (objects: Objects): AdmissionPlugin => ({
  name: 'PersistentVolumeClaimResize',
  validate: (request) => {
    if (request.operation !== 'UPDATE' || !isClaim(request)) return
    const [claim, old] = [request.object as PersistentVolumeClaim, request.oldObject as PersistentVolumeClaim]
    const sizeOf = (c: PersistentVolumeClaim): string => c.spec?.resources?.requests?.storage ?? '0'
    if (compareQuantities(sizeOf(claim), sizeOf(old)) <= 0) return
    if (old.status?.phase !== 'Bound') throw refuse(request, 'Only bound persistent volume claims can be expanded')
    const classOf = (c: PersistentVolumeClaim): string => c.metadata.annotations?.[betaClass] ?? c.spec?.storageClassName ?? ''
    const allows =
      classOf(claim) !== '' &&
      classOf(claim) === classOf(old) &&
      objects.get(storageclasses, undefined, classOf(claim))?.allowVolumeExpansion
    if (!allows) {
      throw refuse(
        request,
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
      )
    }
  },
})
