import { type FieldError, forbiddenField, invalid, mostErrors, required, tooLong } from '../../apimachinery/field-error.ts'
import { metadataOrder } from '../../apimachinery/metadata-order.ts'
import {
  isDns1123Label,
  isDns1123Subdomain,
  isLabelValue,
  isPathSegmentName,
  isQualifiedName,
  type Problems,
} from '../../apimachinery/names.ts'
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from '../../apimachinery/object.ts'
import { atOnce, type Steps } from '../../apimachinery/steps.ts'
import { checkNotNegative, checkUnchanged, type Errors, pushInvalid } from './errors.ts'

/** The rules of ObjectMeta (k8s.io/apimachinery/pkg/api/validation/objectmeta.go, pkg/apis/core/validation). */

export interface MetaOptions {
  readonly namespaced: boolean
  /** Default: DNS subdomain. */
  readonly nameRule?: (name: string) => Problems
  readonly ignoresGenerateName?: boolean
  /** Finalizers need no domain (custom resources and the admissionregistration kinds). */
  readonly anyFinalizer?: boolean
}

const annotationsLimit = 256 * 1024
export const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion'])

/** How often a kind's own rules of updates look at metadata, after every object's have been applied (the calls that a strategy makes). */
export interface MetaLooks {
  /** As at a change (ValidateObjectMetaUpdate). */
  readonly atChange: number
  /** As at a new object (ValidateObjectMeta). */
  readonly atNew: number
}

/** What is wrong with the metadata of an object that replaces `old`: as often as kube-apiserver tells it. */
export function* validateObjectMetaUpdate(
  meta: ObjectMeta,
  old: ObjectMeta,
  options: MetaOptions,
  looks: MetaLooks,
): Steps<FieldError[]> {
  const shared: Errors = []
  if (meta.labels) yield* labelSteps(meta.labels, 'metadata.labels', shared)
  if (meta.annotations) yield* annotationSteps(meta.annotations, 'metadata.annotations', shared)
  if (meta.ownerReferences) yield* validateOwners(meta.ownerReferences, 'metadata.ownerReferences', shared)
  const [change, named, own, qualified, domains]: Errors[] = [[], [], [], [], []] as const
  const { finalizers = [], managedFields } = meta
  validateChange(meta, old, change)
  validateNames(meta, { namespaced: options.namespaced, nameRule: isPathSegmentName }, named)
  validateNames(meta, options, own)
  yield* validateFinalizers(finalizers, true, true, qualified)
  yield* validateFinalizers(finalizers, false, options.anyFinalizer ?? false, domains)
  if (managedFields) validateManagedFields(managedFields, 'metadata.managedFields', qualified)
  const times = (count: number, errors: FieldError[]) => Array.from({ length: count }, () => errors).flat()
  return [
    ...[...named, ...shared, ...qualified, ...change, ...shared],
    ...times(looks.atChange, [...change, ...shared, ...domains]),
    ...times(looks.atNew, [...own, ...shared, ...qualified, ...domains]),
  ]
}

/** What is wrong with the metadata of a new object, or of an object that replaces `old`. In Kubernetes' order. */
export function* validateObjectMeta(meta: ObjectMeta, old: ObjectMeta | undefined, options: MetaOptions): Steps<FieldError[]> {
  const errors: Errors = []
  if (old) validateChange(meta, old, errors)
  else {
    validateNames(meta, options, errors)
    checkNotNegative(meta.generation, 'metadata.generation', errors)
  }
  if (meta.labels) yield* labelSteps(meta.labels, 'metadata.labels', errors)
  if (meta.annotations) yield* annotationSteps(meta.annotations, 'metadata.annotations', errors)
  if (meta.ownerReferences) yield* validateOwners(meta.ownerReferences, 'metadata.ownerReferences', errors)
  if (meta.finalizers) yield* validateFinalizers(meta.finalizers, old === undefined, options.anyFinalizer ?? false, errors)
  if (meta.managedFields) validateManagedFields(meta.managedFields, 'metadata.managedFields', errors)
  return errors
}

/** A generated name may end in a dash before its suffix is added. Two bytes give way to an `a`, be they half of a letter. */
function maskTrailingDash(name: string): string {
  if (name.length < 2 || !name.endsWith('-')) return name
  const isWhole = name.charCodeAt(name.length - 2) < 0x80
  return `${name.slice(0, -2)}${isWhole ? '' : '\ufffd'}a`
}

function validateNames(meta: ObjectMeta, options: MetaOptions, errors: Errors): void {
  const { namespaced, nameRule = isDns1123Subdomain, ignoresGenerateName } = options
  const { name, generateName, namespace } = meta
  if (generateName && !ignoresGenerateName)
    pushInvalid(errors, 'metadata.generateName', generateName, nameRule(maskTrailingDash(generateName)))
  if (!name) errors.push(required('metadata.name', 'name or generateName is required'))
  else pushInvalid(errors, 'metadata.name', name, nameRule(name))
  if (!namespaced) {
    if (namespace) errors.push(forbiddenField('metadata.namespace', 'not allowed on this type'))
  } else if (!namespace) errors.push(required('metadata.namespace'))
  else pushInvalid(errors, 'metadata.namespace', namespace, isDns1123Label(namespace))
}

const unchanging: readonly (readonly [keyof ObjectMeta, string])[] = [
  ['name', 'string'],
  ['namespace', 'string'],
  ['uid', 'string'],
  ['creationTimestamp', 'Time'],
  ['deletionTimestamp', '*Time'],
  ['deletionGracePeriodSeconds', '*int64'],
]

function validateChange(meta: ObjectMeta, old: ObjectMeta, errors: Errors): void {
  if (old.deletionTimestamp) {
    const known = new Set(old.finalizers)
    const added = (meta.finalizers ?? []).filter((f) => !known.has(f))
    if (added.length > 0) {
      const list = [...new Set(added)].sort().map((f) => JSON.stringify(f))
      const text = 'no new finalizers can be added if the object is being deleted, found new finalizers'
      errors.push(forbiddenField('metadata.finalizers', `${text} []string{${list.join(', ')}}`))
    }
  }
  if (!meta.resourceVersion) errors.push(invalid('metadata.resourceVersion', '', 'must be specified for an update'))
  if ((meta.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(invalid('metadata.generation', meta.generation ?? 0, 'must not be decremented'))
  }
  for (const [field, type] of unchanging) checkUnchanged(meta[field], old[field], `metadata.${field}`, errors, type)
}

/** So many are looked at in one step. */
const stepSize = 500

export const validateLabels = (...given: Parameters<typeof labelSteps>): void => atOnce(labelSteps(...given))

function* labelSteps(labels: Readonly<Record<string, string>> | undefined, at: string, errors: Errors): Steps<void> {
  for (const [i, key] of Object.keys(labels ?? {}).entries()) {
    if (i % stepSize === stepSize - 1) yield
    const value = labels?.[key] ?? ''
    pushInvalid(errors, at, key, isQualifiedName(key))
    pushInvalid(errors, at, value, isLabelValue(value))
  }
}

export const validateAnnotations = (...given: Parameters<typeof annotationSteps>): void => atOnce(annotationSteps(...given))

function* annotationSteps(annotations: Readonly<Record<string, string>> | undefined, at: string, errors: Errors): Steps<void> {
  let size = 0
  for (const [i, key] of Object.keys(annotations ?? {}).entries()) {
    if (i % stepSize === stepSize - 1) yield
    pushInvalid(errors, at, key, isQualifiedName(key.toLowerCase()))
    size += Buffer.byteLength(key) + Buffer.byteLength(annotations?.[key] ?? '')
  }
  if (size > annotationsLimit) errors.push(tooLong(at, annotationsLimit))
}

function hasVersion(apiVersion: string): boolean {
  const slash = apiVersion.indexOf('/')
  if (slash < 0) return apiVersion !== ''
  return !apiVersion.includes('/', slash + 1) && slash < apiVersion.length - 1
}

function* validateOwners(owners: readonly OwnerReference[], at: string, errors: Errors): Steps<void> {
  let controller: string | undefined
  for (const [i, owner] of owners.entries()) {
    if (i % stepSize === stepSize - 1) yield
    if (!hasVersion(owner.apiVersion ?? ''))
      errors.push(invalid(`${at}.apiVersion`, owner.apiVersion ?? '', 'version must not be empty'))
    if (!owner.kind) errors.push(invalid(`${at}.kind`, owner.kind ?? '', 'must not be empty'))
    if (!owner.name) errors.push(invalid(`${at}.name`, owner.name ?? '', 'must not be empty'))
    if (!owner.uid) errors.push(invalid(`${at}.uid`, owner.uid ?? '', 'must not be empty'))
    if (owner.apiVersion === 'v1' && owner.kind === 'Event') {
      errors.push(invalid(at, owner, '/v1, Kind=Event is disallowed from being an owner'))
    }
    if (!owner.controller) continue
    const text = `${owner.kind}/${owner.name}`
    if (controller === undefined) controller = text
    else {
      const both = `Found "true" in references for ${controller} and ${text}`
      errors.push(invalid(at, owners, `Only one reference can have Controller set to true. ${both}`))
    }
  }
}

function* validateFinalizers(finalizers: readonly string[], isNew: boolean, any: boolean, errors: Errors): Steps<void> {
  const at = 'metadata.finalizers'
  if (isNew) {
    for (const [i, name] of finalizers.entries()) {
      if (i % stepSize === stepSize - 1) yield
      if (errors.length > mostErrors) return
      pushInvalid(errors, at, name, isQualifiedName(name))
    }
    if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
      errors.push(invalid(at, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'))
    }
  }
  if (any) return
  for (const [i, name] of finalizers.entries()) {
    if (i % stepSize === stepSize - 1) yield
    if (name.includes('/') || standardFinalizers.has(name)) continue
    if (errors.length > mostErrors) return
    errors.push(invalid(`${at}[${i}]`, name, 'name is neither a standard finalizer name nor is it fully qualified'))
  }
}

const unprintable = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u

/** The manager's name: at most 128 printable characters. */
function validateManagerName(name: string, at: string, errors: Errors): void {
  if (Buffer.byteLength(name) > 128) errors.push(tooLong(at, 128))
  let offset = 0
  for (const character of name) {
    if (unprintable.test(character)) {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
      errors.push(invalid(at, name, `invalid character U+${code} (at position ${offset})`))
    }
    offset += Buffer.byteLength(character)
  }
}

function validateManagedFields(entries: readonly ManagedFieldsEntry[], at: string, errors: Errors): void {
  entries.forEach((entry, i) => {
    const { operation = '', fieldsType, manager = '', subresource = '' } = entry as Partial<Record<string, string>>
    if (operation !== 'Apply' && operation !== 'Update') {
      errors.push(invalid(`${at}[${i}].operation`, operation, 'must be `Apply` or `Update`'))
    }
    if (fieldsType && fieldsType !== 'FieldsV1') errors.push(invalid(`${at}[${i}].fieldsType`, fieldsType, 'must be `FieldsV1`'))
    validateManagerName(manager, `${at}[${i}].manager`, errors)
    if (Buffer.byteLength(subresource) > 256) errors.push(tooLong(`${at}[${i}].subresource`, 256))
  })
}

const templateForbids = metadataOrder.filter((field) => field !== 'labels' && field !== 'annotations')

/** The metadata of what another object makes: labels and annotations only. */
export function validateTemplateMeta(metadata: ObjectMeta | undefined, at: string, errors: Errors): void {
  validateAnnotations(metadata?.annotations, `${at}.annotations`, errors)
  validateLabels(metadata?.labels, `${at}.labels`, errors)
  for (const field of templateForbids) {
    const value = metadata?.[field]
    if (isZero(value)) continue
    // Go's name of the field, its first letter made small.
    errors.push(forbiddenField(`${at}.${field === 'uid' ? 'uID' : field}`, 'cannot be set'))
  }
}

const isZero = (value: unknown): boolean => value === undefined || value === null || value === ''
