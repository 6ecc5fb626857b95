import { forbiddenField, invalid, notSupported, required } from '../../../../apimachinery/field-error.ts'
import type { PersistentVolumeClaimSpec } from '../../../../apimachinery/kinds.generated.ts'
import { isDns1123Label, isDns1123Subdomain } from '../../../../apimachinery/names.ts'
import type { ObjectMeta } from '../../../../apimachinery/object.ts'
import { signOf } from '../../../../apimachinery/quantity.ts'
import { checkSupported, type Errors, notPositiveText, pushInvalid, requireText } from '../../errors.ts'
import { validateTemplateMeta } from '../../meta.ts'
import { validateLabelSelector } from '../../selector.ts'

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']

export function validateAccessModes(modes: readonly string[], at: string, errors: Errors): void {
  for (const mode of modes) if (!accessModes.includes(mode)) errors.push(notSupported(at, mode, accessModes))
  const known = modes.filter((mode) => accessModes.includes(mode))
  if (known.includes('ReadWriteOncePod') && known.some((mode) => mode !== 'ReadWriteOncePod')) {
    errors.push(forbiddenField(at, 'may not use ReadWriteOncePod with other access modes'))
  }
}

/** What a claim that is already stored may go on breaking. */
export interface ClaimRules {
  readonly anySelectorValue: boolean
  readonly anySourceGroup: boolean
}
export const strictClaim: ClaimRules = { anySelectorValue: false, anySourceGroup: false }

export function validateClaimSpec(spec: PersistentVolumeClaimSpec, at: string, rules: ClaimRules, errors: Errors): void {
  const modes: readonly string[] = spec.accessModes ?? []
  if (modes.length === 0) errors.push(required(`${at}.accessModes`, 'at least 1 access mode is required'))
  validateLabelSelector(spec.selector, `${at}.selector`, errors, rules.anySelectorValue)
  validateAccessModes(modes, `${at}.accessModes`, errors)
  const path = `${at}.resources[storage]`
  const storage = spec.resources?.requests?.storage
  if (storage === undefined) errors.push(required(path))
  else if (signOf(storage) <= 0) errors.push(invalid(path, storage, notPositiveText))
  const { storageClassName, volumeMode, volumeAttributesClassName: attributes } = spec
  if (storageClassName) pushInvalid(errors, `${at}.storageClassName`, storageClassName, isDns1123Subdomain(storageClassName))
  if (volumeMode != null) checkSupported(volumeMode, ['Block', 'Filesystem'], `${at}.volumeMode`, errors)
  validateSources(spec, at, rules, errors)
  if (attributes) pushInvalid(errors, `${at}.volumeAttributesClassName`, attributes, isDns1123Subdomain(attributes))
}

type Source = NonNullable<PersistentVolumeClaimSpec['dataSourceRef']>

function validateSource(source: Source, at: string, rules: ClaimRules, errors: Errors): void {
  requireText(source.name, `${at}.name`, errors)
  requireText(source.kind, `${at}.kind`, errors)
  const { apiGroup, kind, namespace } = source
  if (!apiGroup && kind !== 'PersistentVolumeClaim') {
    errors.push(invalid(at, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"))
  }
  if (apiGroup && !rules.anySourceGroup) pushInvalid(errors, `${at}.apiGroup`, apiGroup, isDns1123Subdomain(apiGroup))
  if (namespace) pushInvalid(errors, `${at}.namespace`, namespace, isDns1123Label(namespace))
}

function validateSources(
  { dataSource, dataSourceRef: ref }: PersistentVolumeClaimSpec,
  at: string,
  rules: ClaimRules,
  errors: Errors,
) {
  if (dataSource) validateSource(dataSource, `${at}.dataSource`, rules, errors)
  if (ref) validateSource(ref, `${at}.dataSourceRef`, rules, errors)
  if (!ref || !dataSource) return
  const same = dataSource.apiGroup === ref.apiGroup && dataSource.kind === ref.kind && dataSource.name === ref.name
  if (ref.namespace) errors.push(invalid(at, {}, 'may not be specified when dataSourceRef.namespace is specified'))
  else if (!same) errors.push(invalid(at, {}, 'must match dataSourceRef'))
}

/** The claim that an ephemeral volume makes: its metadata holds labels and annotations only. */
export function validateClaimTemplate(
  template: { metadata?: ObjectMeta; spec?: PersistentVolumeClaimSpec },
  at: string,
  errors: Errors,
): void {
  validateTemplateMeta(template.metadata, `${at}.metadata`, errors)
  if (template.spec) validateClaimSpec(template.spec, `${at}.spec`, strictClaim, errors)
}
