import { type FieldError, forbiddenField, invalid, required, tooLong } from '../../apimachinery/field-error.ts'
import { isDns1123Label, isDns1123Subdomain, isLabelValue, isQualifiedName } from '../../apimachinery/names.ts'
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from '../../apimachinery/object.ts'
import { parseApiVersion } from '../../apimachinery/resource.ts'

/** The rules of ObjectMeta for every kind (k8s.io/apimachinery/pkg/api/validation/objectmeta.go). Pure. */

const annotationsLimit = 256 * 1024
const standardFinalizers = new Set(['orphan', 'foregroundDeletion', 'kubernetes'])
export const immutableText = 'field is immutable'

/** What is wrong with a name: as many texts as there are problems. */
export type NameRule = (name: string) => readonly string[]

const nonNegative = (field: string, value: number | undefined): FieldError[] =>
  value !== undefined && value < 0 ? [invalid(field, value, 'must be greater than or equal to 0')] : []

export function validateMeta(meta: ObjectMeta, namespaced: boolean, nameRule: NameRule = isDns1123Subdomain): FieldError[] {
  const at = 'metadata'
  const errors: FieldError[] = []
  if (meta.generateName) {
    const probe = meta.generateName.endsWith('-') ? `${meta.generateName.slice(0, -1)}a` : meta.generateName
    for (const problem of nameRule(probe)) errors.push(invalid(`${at}.generateName`, meta.generateName, problem))
  }
  if (!meta.name) errors.push(required(`${at}.name`, 'name or generateName is required'))
  else for (const problem of nameRule(meta.name)) errors.push(invalid(`${at}.name`, meta.name, problem))
  if (namespaced) {
    if (!meta.namespace) errors.push(required(`${at}.namespace`))
    else for (const problem of isDns1123Label(meta.namespace)) errors.push(invalid(`${at}.namespace`, meta.namespace, problem))
  } else if (meta.namespace) errors.push(forbiddenField(`${at}.namespace`, 'not allowed on this type'))
  return [
    ...errors,
    ...nonNegative(`${at}.generation`, meta.generation),
    ...validateLabels(meta.labels, `${at}.labels`),
    ...validateAnnotations(meta.annotations, `${at}.annotations`),
    ...validateOwners(meta.ownerReferences ?? [], `${at}.ownerReferences`),
    ...validateFinalizers(meta.finalizers ?? [], `${at}.finalizers`),
    ...validateManagedFields(meta.managedFields ?? [], `${at}.managedFields`),
  ]
}

export function validateLabels(labels: Readonly<Record<string, string>> = {}, at: string): FieldError[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...isQualifiedName(key).map((p) => invalid(at, key, p)),
    ...isLabelValue(value).map((p) => invalid(at, value, p)),
  ])
}

export function validateAnnotations(annotations: Readonly<Record<string, string>> = {}, at: string): FieldError[] {
  const errors: FieldError[] = []
  let size = 0
  for (const [key, value] of Object.entries(annotations)) {
    for (const p of isQualifiedName(key.toLowerCase())) errors.push(invalid(at, key, p))
    size += Buffer.byteLength(key) + Buffer.byteLength(value)
  }
  if (size > annotationsLimit) errors.push(tooLong(at, annotationsLimit))
  return errors
}

function validateOwners(owners: readonly OwnerReference[], at: string): FieldError[] {
  const errors = owners.flatMap((owner) => {
    const { version } = parseApiVersion(owner.apiVersion)
    const parts = owner.apiVersion.split('/').length
    return [
      ...(parts > 2 || version === '' ? [invalid(`${at}.apiVersion`, owner.apiVersion, 'version must not be empty')] : []),
      ...(owner.kind ? [] : [invalid(`${at}.kind`, owner.kind, 'must not be empty')]),
      ...(owner.name ? [] : [invalid(`${at}.name`, owner.name, 'must not be empty')]),
      ...(owner.uid ? [] : [invalid(`${at}.uid`, owner.uid, 'must not be empty')]),
      ...(owner.apiVersion === 'v1' && owner.kind === 'Event'
        ? [invalid(at, owner, `/v1, Kind=Event is disallowed from being an owner`)]
        : []),
    ]
  })
  const controllers = owners.filter((o) => o.controller)
  if (controllers.length > 1) {
    const [first, second] = controllers
    const text = `Only one reference can have Controller set to true. Found "true" in references for ${first?.kind}/${first?.name} and ${second?.kind}/${second?.name}`
    errors.push(invalid(at, owners, text))
  }
  return errors
}

export function validateFinalizers(finalizers: readonly string[], at: string): FieldError[] {
  const errors = finalizers.flatMap((name, i) => validateFinalizerName(name, `${at}[${i}]`))
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(invalid(at, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'))
  }
  return errors
}

function validateFinalizerName(name: string, at: string): FieldError[] {
  const problems = isQualifiedName(name)
  if (problems.length > 0) return problems.map((p) => invalid(at, name, p))
  if (name.includes('/') || standardFinalizers.has(name)) return []
  return [invalid(at, name, 'name is neither a standard finalizer name nor is it fully qualified')]
}

function validateManagedFields(entries: readonly ManagedFieldsEntry[], at: string): FieldError[] {
  return entries.flatMap((e, i) => {
    const where = `${at}[${i}]`
    const errors: FieldError[] = []
    if (e.operation !== 'Apply' && e.operation !== 'Update') {
      errors.push(invalid(`${where}.operation`, e.operation ?? '', 'must be `Apply` or `Update`'))
    }
    if (e.fieldsType && e.fieldsType !== 'FieldsV1') {
      errors.push(invalid(`${where}.fieldsType`, e.fieldsType, 'must be `FieldsV1`'))
    }
    return errors
  })
}

/** What an update may not change in metadata. */
export function validateMetaUpdate(meta: ObjectMeta, old: ObjectMeta): FieldError[] {
  const at = 'metadata'
  const errors: FieldError[] = []
  const same = (field: keyof ObjectMeta, now: unknown, before: unknown) => {
    if (now !== before) errors.push(invalid(`${at}.${field}`, now ?? null, immutableText))
  }
  const added = (meta.finalizers ?? []).filter((f) => !(old.finalizers ?? []).includes(f))
  if (old.deletionTimestamp && added.length > 0) {
    errors.push(
      forbiddenField(
        `${at}.finalizers`,
        `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((f) => JSON.stringify(f)).join(', ')}}`,
      ),
    )
  }
  if ((meta.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(invalid(`${at}.generation`, meta.generation ?? 0, 'must not be decremented'))
  }
  if (!meta.resourceVersion) errors.push(invalid(`${at}.resourceVersion`, '', 'must be specified for an update'))
  same('name', meta.name, old.name)
  same('namespace', meta.namespace, old.namespace)
  same('uid', meta.uid, old.uid)
  same('creationTimestamp', meta.creationTimestamp, old.creationTimestamp)
  same('deletionTimestamp', meta.deletionTimestamp, old.deletionTimestamp)
  same('deletionGracePeriodSeconds', meta.deletionGracePeriodSeconds, old.deletionGracePeriodSeconds)
  return errors
}
