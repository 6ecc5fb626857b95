import { forbiddenField, invalid, notFoundField, required } from '../../../apimachinery/field-error.ts'
import type { Container, VolumeMount } from '../../../apimachinery/kinds.generated.ts'
import { checkSupported, type Errors } from '../errors.ts'
import { checkDescendingPath } from './paths.ts'
import type { Volumes } from './volumes.ts'

/** Mounts and devices of one container. Some paths lack the index: so do Kubernetes'. */
export function validateMounts(container: Container, volumes: Volumes, at: string, errors: Errors): void {
  const devices = container.volumeDevices ?? []
  const seen = new Set<string>()
  container.volumeMounts?.forEach((mount, i) => {
    const path = `${at}.volumeMounts[${i}]`
    const { name = '', mountPath = '' } = mount
    if (!name) errors.push(required(`${path}.name`))
    if (!volumes.has(name)) errors.push(notFoundField(`${path}.name`, name))
    if (!mountPath) errors.push(required(`${path}.mountPath`))
    if (seen.has(mountPath)) errors.push(invalid(`${path}.mountPath`, mountPath, 'must be unique'))
    seen.add(mountPath)
    if (devices.some((d) => d.name === name)) {
      errors.push(invalid(`${path}.name`, name, 'must not already exist in volumeDevices'))
    }
    if (devices.some((d) => d.devicePath === mountPath)) {
      errors.push(invalid(`${path}.mountPath`, mountPath, 'must not already exist as a path in volumeDevices'))
    }
    validateSubPath(mount, path, `${at}.volumeMounts`, errors)
    validatePropagation(mount, container, `${at}.volumeMounts`, errors)
  })
}

function validateSubPath(mount: VolumeMount, path: string, at: string, errors: Errors): void {
  const { subPath, subPathExpr } = mount
  if (subPath) checkDescendingPath(subPath, `${at}.subPath`, errors)
  if (!subPathExpr) return
  if (subPath) errors.push(invalid(`${path}.subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive'))
  checkDescendingPath(subPathExpr, `${at}.subPathExpr`, errors)
}

function validatePropagation(mount: VolumeMount, container: Container, at: string, errors: Errors): void {
  const { mountPropagation: propagation, recursiveReadOnly, readOnly } = mount
  if (propagation != null) {
    checkSupported(propagation, ['Bidirectional', 'HostToContainer', 'None'], `${at}.mountPropagation`, errors)
    if (propagation === 'Bidirectional' && !container.securityContext?.privileged) {
      const text = 'Bidirectional mount propagation is available only to privileged containers'
      errors.push(forbiddenField(`${at}.mountPropagation`, text))
    }
  }
  if (recursiveReadOnly == null || recursiveReadOnly === 'Disabled') return
  const path = `${at}.recursiveReadOnly`
  if (recursiveReadOnly !== 'Enabled' && recursiveReadOnly !== 'IfPossible') {
    checkSupported(recursiveReadOnly, ['Disabled', 'Enabled', 'IfPossible'], path, errors)
    return
  }
  if (!readOnly) errors.push(forbiddenField(path, 'may only be specified when readOnly is true'))
  if (propagation != null && propagation !== 'None') {
    errors.push(forbiddenField(path, 'may only be specified when mountPropagation is None or not specified'))
  }
}

export function validateDevices(container: Container, volumes: Volumes, at: string, errors: Errors): void {
  const names = new Set<string>()
  const paths = new Set<string>()
  const mounts = container.volumeMounts ?? []
  container.volumeDevices?.forEach(({ name = '', devicePath = '' }, i) => {
    const path = `${at}.volumeDevices[${i}]`
    const volume = volumes.get(name)
    if (!name) errors.push(required(`${path}.name`))
    if (names.has(name)) errors.push(invalid(`${path}.name`, name, 'must be unique'))
    if (volume && !volume.persistentVolumeClaim && !volume.ephemeral) {
      const text = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'
      errors.push(invalid(`${path}.name`, name, text))
    }
    if (!volume) errors.push(notFoundField(`${path}.name`, name))
    if (!devicePath) errors.push(required(`${path}.devicePath`))
    if (paths.has(devicePath)) errors.push(invalid(`${path}.devicePath`, devicePath, 'must be unique'))
    if (devicePath.split('/').includes('..')) {
      errors.push(invalid(`${path}.devicePath`, devicePath, "can not contain backsteps ('..')"))
    } else paths.add(devicePath)
    if (mounts.some((m) => m.name === name)) {
      errors.push(invalid(`${path}.name`, name, 'must not already exist in volumeMounts'))
    }
    if (mounts.some((m) => m.mountPath === devicePath)) {
      errors.push(invalid(`${path}.devicePath`, devicePath, 'must not already exist as a path in volumeMounts'))
    }
    if (name) names.add(name)
  })
}
