import { type FieldError, forbiddenField, invalid, required, tooLong } from '../../../apimachinery/field-error.ts'
import type { VolumeAttachment, VolumeError } from '../../../apimachinery/kinds.generated.ts'
import { isDns1123Subdomain, isLonger, rangeText } from '../../../apimachinery/names.ts'
import { validateVolumeSpec } from '../core/persistent-volume/persistent-volume-validation.ts'
import { checkUnchanged, type Errors, pushInvalid } from '../errors.ts'
import { checkCsiDriver } from '../pod-spec/volume-sources.ts'

const maxMetadata = 256 * 1024

function validateSource({ spec }: VolumeAttachment, errors: Errors): void {
  const { inlineVolumeSpec: inline, persistentVolumeName: name } = spec?.source ?? {}
  const at = 'spec.source'
  const text = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'
  if (!inline && name === undefined) errors.push(required(at, text))
  else if (inline && name !== undefined) errors.push(forbiddenField(at, text))
  else if (name === '') errors.push(required(`${at}.persistentVolumeName`, 'must specify non empty persistentVolumeName'))
  else if (inline) validateVolumeSpec(inline, `${at}.inlineVolumeSpec`, { name: '', isInline: true }, errors)
}

function validateError(error: VolumeError | undefined, at: string, errors: Errors): void {
  if (isLonger(error?.message ?? '', 1024)) errors.push(tooLong(`${at}.message`, maxMetadata))
  const code = error?.errorCode
  if (code !== undefined && code < 0) errors.push(invalid(`${at}.errorCode`, code, rangeText(0, 2147483647)))
}

export function validateVolumeAttachment(attachment: VolumeAttachment): FieldError[] {
  const errors: Errors = []
  const { spec, status } = attachment
  checkCsiDriver(spec?.attacher, 'spec.attacher', errors)
  validateSource(attachment, errors)
  pushInvalid(errors, 'spec.nodeName', spec?.nodeName ?? '', isDns1123Subdomain(spec?.nodeName ?? ''))
  const metadata = Object.entries(status?.attachmentMetadata ?? {})
  const size = metadata.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0)
  if (size > maxMetadata) errors.push(tooLong('status.attachmentMetadata', maxMetadata))
  validateError(status?.attachError, 'status.attachError', errors)
  validateError(status?.detachError, 'status.detachError', errors)
  const name = spec?.source?.persistentVolumeName
  if (name !== undefined) pushInvalid(errors, 'spec.source.persistentVolumeName', name, isDns1123Subdomain(name))
  return errors
}

export function validateVolumeAttachmentUpdate(now: VolumeAttachment, old: VolumeAttachment): FieldError[] {
  const errors = validateVolumeAttachment(now)
  checkUnchanged(now.spec, old.spec, 'spec', errors, 'storage.VolumeAttachmentSpec')
  return errors
}
