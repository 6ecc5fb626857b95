// What a ConversionReview asks a webhook, and what its answer may be, in kube-apiserver's words.
import type { FieldError } from '../../apimachinery/field-error.ts'
import { goTypeOf, jsonTypeOf } from '../../apimachinery/go-type.ts'
import { jsonText } from '../../apimachinery/json.ts'
import type { KubeObject, ObjectMeta } from '../../apimachinery/object.ts'
import type { CustomResourceDefinition } from '../../crd/definition/definition.ts'
import type { JsonObject } from '../../crd/schema/json-schema.ts'
import { validateAnnotations, validateLabels } from '../kinds/meta.ts'

const group = 'apiextensions.k8s.io'

/** What is wrong with the objects that came back. */
export class ConversionError extends Error {}

/** The review that asks for `objects` in another version. Throws an Error when the webhook knows no version of reviews that we know. */
export function reviewOf(
  definition: CustomResourceDefinition,
  objects: readonly KubeObject[],
  desiredAPIVersion: string,
  uid: string,
): ConversionReview {
  const versions = definition.spec.conversion?.webhook?.conversionReviewVersions ?? []
  const version = versions.find((v) => v === 'v1' || v === 'v1beta1')
  if (!version) throw new Error('no supported conversion review versions')
  const request = { uid, desiredAPIVersion, objects }
  // A response to be filled in: webhooks in Go may write into the one that they were sent.
  const response = { uid: '', convertedObjects: null, result: { metadata: {} } }
  return { kind: 'ConversionReview', apiVersion: `${group}/${version}`, request, response }
}

interface ConversionReview {
  readonly kind: string
  readonly apiVersion: string
  readonly request: { readonly uid: string; readonly desiredAPIVersion: string; readonly objects: readonly KubeObject[] }
  readonly response: object
}

/** An answer whose object cannot be read at all; kube-apiserver does not say then whose answer that was. */
export class UnreadableObject extends Error {}

/** The objects of an answer to `review`. Throws an Error. */
export function convertedIn(answer: unknown, review: ConversionReview): readonly unknown[] {
  const { apiVersion, kind, response } = read((answer ?? {}) as JsonObject, review)
  if (review.apiVersion === `${group}/v1` && (apiVersion !== review.apiVersion || kind !== review.kind)) {
    const got = `${(apiVersion ?? '').replace(/^(?!.*\/)/, '/')}, Kind=${kind ?? ''}`
    throw new Error(`expected webhook response of ${review.apiVersion}, Kind=${review.kind}, got ${got}`)
  }
  if (!response) throw new Error('no response provided')
  const { uid } = review.request
  if (review.apiVersion === `${group}/v1` && response.uid !== uid)
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`)
  const { status = '', message } = response.result ?? {}
  if (status !== 'Success') throw new Error(message || `response.result.status was '${status}', not 'Success'`)
  return response.convertedObjects ?? []
}

interface ConversionAnswer {
  readonly apiVersion?: string
  readonly kind?: string
  readonly response?: {
    readonly uid?: string
    readonly convertedObjects?: readonly unknown[] | null
    readonly result?: { readonly status?: string; readonly message?: string } | null
  }
}

/** An answer as Go decodes it into a ConversionReview. */
function read(answer: JsonObject, review: ConversionReview): ConversionAnswer {
  const { apiVersion, kind } = answer
  refuseOther(text(apiVersion) || review.apiVersion, text(kind) || review.kind, review)
  const response = answer.response ?? undefined
  mustBe('object', response, 'ConversionReview.response', 'v1.ConversionResponse')
  const { result, convertedObjects } = (response ?? {}) as JsonObject
  mustBe('object', result, 'ConversionResponse.response.result', 'v1.Status')
  mustBe('array', convertedObjects, 'ConversionResponse.response.convertedObjects', '[]runtime.RawExtension')
  return { apiVersion, kind, response } as ConversionAnswer
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** client-go decodes what it knows: the reviews, and Status. */
function refuseOther(apiVersion: string, kind: string, review: ConversionReview): void {
  if (apiVersion === review.apiVersion && kind === review.kind) return
  const isReview = (apiVersion === `${group}/v1` || apiVersion === `${group}/v1beta1`) && kind === review.kind
  if (!isReview && !(apiVersion === 'v1' && kind === 'Status'))
    throw new Error(`no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:111"`)
  const version = (of: string): string => of.slice(of.indexOf('/') + 1)
  const asked = `${version(review.apiVersion)}.${review.kind}`
  throw new Error(`converting (${version(apiVersion)}.${kind}) to (${asked}): unknown conversion`)
}

/** Throws Go's error for a field of another JSON type. */
function mustBe(type: 'object' | 'array', value: unknown, field: string, goType: string): void {
  const given = jsonTypeOf(value)
  if (given !== 'null' && given !== type)
    throw new Error(`json: cannot unmarshal ${given} into Go struct field ${field} of type ${goType}`)
}

/**
 * A converted object with the metadata that a webhook may not change. Throws a ConversionError, which speaks of one object, however many the
 * review had: kube-apiserver converts each by a review of its own.
 */
export function convertedObject(original: KubeObject, given: unknown, apiVersion: string): KubeObject {
  const converted = objectOf(given)
  const at = 'returned invalid object at index 0'
  if (converted.apiVersion !== apiVersion)
    throw new ConversionError(`${at}: invalid groupVersion (expected ${apiVersion}, received ${text(converted.apiVersion)})`)
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

function objectOf(given: unknown): KubeObject {
  if (given === null) throw new UnreadableObject('unexpected end of JSON input')
  const type = jsonTypeOf(given)
  if (type !== 'object')
    throw new UnreadableObject(`json: cannot unmarshal ${type} into Go value of type map[string]interface {}`)
  const converted = given as KubeObject
  // Of a version that is none nothing is read.
  if (!converted.kind || text(converted.apiVersion).split('/').length > 2)
    throw new UnreadableObject(`Object 'Kind' is missing in '${jsonText(converted)}'`)
  return converted
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
    if (Object.keys(texts).length > 0) Object.assign(metadata, { [field]: texts })
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
