// What a ConversionReview asks a webhook, and what its answer may be, in kube-apiserver's words.
import type { FieldError } from '../../apimachinery/field-error.ts'
import { goTypeOf } from '../../apimachinery/go-type.ts'
import type { KubeObject, ObjectMeta } from '../../apimachinery/object.ts'
import type { CustomResourceDefinition } from '../../crd/definition/definition.ts'
import { validateAnnotations, validateLabels } from '../kinds/meta.ts'

/** What is wrong with the objects that came back. */
export class ConversionError extends Error {}

/** The review that asks for `objects` in another version. Throws an Error when the webhook knows no version of reviews that we know. */
export function reviewOf(
  definition: CustomResourceDefinition,
  objects: readonly KubeObject[],
  desiredAPIVersion: string,
  uid: string,
): object {
  const versions = definition.spec.conversion?.webhook?.conversionReviewVersions ?? []
  const version = versions.find((v) => v === 'v1' || v === 'v1beta1')
  if (!version) throw new Error('no supported conversion review versions')
  const request = { uid, desiredAPIVersion, objects }
  return { kind: 'ConversionReview', apiVersion: `apiextensions.k8s.io/${version}`, request }
}

interface ConversionResponse {
  uid?: string
  convertedObjects?: unknown[]
  result?: { status?: string; message?: string }
}

/** The objects of an answer. Throws an Error. */
export function convertedIn(answer: unknown, uid: string): readonly unknown[] {
  const { apiVersion, kind, response } = (answer ?? {}) as { apiVersion?: string; kind?: string; response?: ConversionResponse }
  const isV1 = apiVersion !== 'apiextensions.k8s.io/v1beta1'
  if (isV1 && (apiVersion !== 'apiextensions.k8s.io/v1' || kind !== 'ConversionReview')) {
    const got = `${(apiVersion ?? '').replace(/^(?!.*\/)/, '/')}, Kind=${kind ?? ''}`
    throw new Error(`expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got ${got}`)
  }
  if (typeof response !== 'object' || response === null) throw new Error('no response provided')
  if (isV1 && response.uid !== uid)
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`)
  const { status = '', message } = response.result ?? {}
  if (status !== 'Success') throw new Error(message || `response.result.status was '${status}', not 'Success'`)
  return Array.isArray(response.convertedObjects) ? response.convertedObjects : []
}

/**
 * A converted object with the metadata that a webhook may not change. Throws a ConversionError, which speaks of one object, however many the
 * review had: kube-apiserver converts each by a review of its own.
 */
export function convertedObject(original: KubeObject, given: unknown, apiVersion: string): KubeObject {
  const converted = (typeof given === 'object' ? (given ?? {}) : {}) as KubeObject
  const at = 'returned invalid object at index 0'
  if (converted.apiVersion !== apiVersion)
    throw new ConversionError(`${at}: invalid groupVersion (expected ${apiVersion}, received ${converted.apiVersion ?? ''})`)
  if (converted.kind !== original.kind)
    throw new ConversionError(`${at}: invalid kind (expected ${original.kind}, received ${converted.kind ?? ''})`)
  const [before, after] = [original.metadata, converted.metadata ?? {}]
  for (const [field, label] of [
    ['name', 'name'],
    ['namespace', 'namespace'],
    ['uid', 'UID'],
  ] as const) {
    const [wanted, got] = [before[field] ?? '', after[field] ?? '']
    if (wanted !== got) throw new ConversionError(`returned invalid object: must have the same ${label}: ${wanted} != ${got}`)
  }
  return { ...converted, metadata: restored(before, converted.metadata) }
}

/** The original's metadata with the labels and annotations of the converted object. */
function restored(before: ObjectMeta, given: unknown): ObjectMeta {
  const fail = (problem: string) => new ConversionError(`returned invalid metadata: ${problem}`)
  if (given === undefined) throw fail('missing metadata in converted object')
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw fail(`invalid metadata of type ${goTypeOf(given)} in converted object`)
  const { labels: _, annotations: __, ...metadata } = before
  const after = given as ObjectMeta
  for (const [field, validate, at] of [
    ['labels', validateLabels, 'metadata.labels'],
    ['annotations', validateAnnotations, 'metadata.annotation'],
  ] as const) {
    const texts = after[field]
    if (texts === undefined || texts === null) continue
    if (typeof texts !== 'object' || Array.isArray(texts))
      throw fail(`invalid metadata.${field} of type ${goTypeOf(texts)} in converted object`)
    const odd = Object.entries(texts).find(([, value]) => typeof value !== 'string')
    if (odd) throw fail(`metadata.${field}[${odd[0]}] must be a string, but is ${goTypeOf(odd[1])} in converted object`)
    if (!isSame(before[field] ?? {}, texts)) {
      const errors: FieldError[] = []
      validate(texts, at, errors)
      const problems = errors.map((e) => `${e.field}: ${e.message}`)
      if (problems.length > 0) throw fail(problems.length === 1 ? `${problems[0]}` : `[${problems.join(', ')}]`)
    }
    Object.assign(metadata, { [field]: texts })
  }
  return metadata
}

/** What did not change is not validated: it may be older than a rule. */
function isSame(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(after)
  return (
    keys.length === Object.keys(before).length && keys.every((key) => Object.hasOwn(before, key) && before[key] === after[key])
  )
}
