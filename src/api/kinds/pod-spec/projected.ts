import { forbiddenField, invalid, required } from '../../../apimachinery/field-error.ts'
import type {
  DownwardAPIVolumeFile,
  KeyToPath,
  ProjectedVolumeSource,
  VolumeProjection,
} from '../../../apimachinery/kinds.generated.ts'
import { type Errors, requireText } from '../errors.ts'
import { validateFieldRef, validateResourceFieldRef } from './env.ts'
import { checkNonReservedPath } from './paths.ts'

/** Volumes made of files: items of secrets and config maps, the downward API, projections. */

const modeText = 'must be a number between 0 and 0777 (octal), both inclusive'

export function checkMode(mode: number | undefined | null, at: string, errors: Errors): void {
  if (mode != null && (mode > 0o777 || mode < 0)) errors.push(invalid(at, mode, modeText))
}

export function validateItems(items: readonly KeyToPath[] | undefined, at: string, errors: Errors): void {
  items?.forEach((item, i) => {
    const path = `${at}[${i}]`
    requireText(item.key, `${path}.key`, errors)
    requireText(item.path, `${path}.path`, errors)
    checkNonReservedPath(item.path ?? '', `${path}.path`, errors)
    checkMode(item.mode, `${path}.mode`, errors)
  })
}

const volumeFieldPaths = new Set([
  'metadata.name',
  'metadata.namespace',
  'metadata.labels',
  'metadata.annotations',
  'metadata.uid',
])

export function validateDownwardFiles(files: readonly DownwardAPIVolumeFile[] | undefined, at: string, errors: Errors): void {
  for (const { path = '', fieldRef, resourceFieldRef, mode } of files ?? []) {
    requireText(path, `${at}.path`, errors)
    checkNonReservedPath(path, `${at}.path`, errors)
    if (fieldRef) {
      validateFieldRef(fieldRef, volumeFieldPaths, `${at}.fieldRef`, errors)
      if (resourceFieldRef) {
        errors.push(invalid(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'))
      }
    } else if (resourceFieldRef) validateResourceFieldRef(resourceFieldRef, true, `${at}.resourceFieldRef`, errors)
    else errors.push(required(at, 'one of fieldRef and resourceFieldRef is required'))
    checkMode(mode, `${at}.mode`, errors)
  }
}

export function validateProjected(volume: ProjectedVolumeSource, at: string, anyTokenPath: boolean, errors: Errors): void {
  checkMode(volume.defaultMode, `${at}.defaultMode`, errors)
  const paths = new Set<string>()
  const claimPath = (path: string | undefined, named: string) => {
    if (!path) return
    if (paths.has(path)) errors.push(invalid(at, named, 'conflicting duplicate paths'))
    else paths.add(path)
  }
  volume.sources?.forEach((source, i) => {
    const path = `${at}.sources[${i}]`
    validateKeyed(source, path, claimPath, errors)
    validateToken(source, path, at, anyTokenPath, errors)
    const kinds = [source.secret, source.configMap, source.downwardAPI, source.serviceAccountToken].filter(Boolean).length
    if (kinds > 1) errors.push(forbiddenField(path, 'may not specify more than 1 volume type per source'))
  })
}

type ClaimPath = (path: string | undefined, named: string) => void

function validateKeyed(source: VolumeProjection, path: string, claimPath: ClaimPath, errors: Errors): void {
  for (const kind of ['secret', 'configMap'] as const) {
    const keyed = source[kind]
    if (!keyed) continue
    requireText(keyed.name, `${path}.${kind}.name`, errors)
    validateItems(keyed.items, `${path}.${kind}.items`, errors)
    for (const item of keyed.items ?? []) claimPath(item.path, keyed.name ?? '')
  }
  if (!source.downwardAPI) return
  validateDownwardFiles(source.downwardAPI.items, `${path}.downwardAPI`, errors)
  for (const file of source.downwardAPI.items ?? []) claimPath(file.path, file.path)
}

const oneYearPlus = 2 ** 32

/** The path of a token is reported on the volume itself, as Kubernetes does. */
function validateToken(source: VolumeProjection, path: string, at: string, anyPath: boolean, errors: Errors): void {
  const token = source.serviceAccountToken
  if (!token) return
  const seconds = token.expirationSeconds ?? 0
  const field = `${path}.serviceAccountToken.expirationSeconds`
  if (seconds < 600) errors.push(invalid(field, seconds, 'may not specify a duration less than 10 minutes'))
  if (seconds > oneYearPlus) errors.push(invalid(field, seconds, 'may not specify a duration larger than 2^32 seconds'))
  if (!token.path) errors.push(required(`${at}.path`))
  else if (!anyPath) checkNonReservedPath(token.path, `${at}.path`, errors)
}
