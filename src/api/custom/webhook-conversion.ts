import { randomUUID } from 'node:crypto'
import type { FieldError } from '../../apimachinery/field-error.ts'
import type { KubeObject, ObjectMeta } from '../../apimachinery/object.ts'
import { parseApiVersion } from '../../apimachinery/resource.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { CustomResourceDefinition } from '../../crd/definition/definition.ts'
import { validateAnnotations, validateLabels } from '../kinds/meta.ts'

/** Posts a ConversionReview to the definition's webhook and gives what it answers. Throws an Error. */
export type PostReview = (definition: CustomResourceDefinition, review: object) => Promise<unknown>

/** Objects that wait for one review, and what becomes of them. */
interface Batch {
  readonly objects: KubeObject[]
  readonly answer: Promise<readonly KubeObject[]>
}

/** As many objects as one review carries. */
const mostObjects = 500

/**
 * Conversions by webhook. What is asked for in one go (a list, a batch of events) is one review: `convert` may be called for each object
 * alone.
 */
export class WebhookConversion {
  readonly #post: PostReview
  readonly #batches = new WeakMap<CustomResourceDefinition, Map<string, Batch>>()

  constructor(post: PostReview) {
    this.#post = post
  }

  /** `object` in another version of its kind. Throws a 500 StatusError that says what the webhook did. */
  async convert(definition: CustomResourceDefinition, object: KubeObject, apiVersion: string): Promise<KubeObject> {
    const batches = this.#batches.get(definition) ?? new Map<string, Batch>()
    this.#batches.set(definition, batches)
    const open = batches.get(apiVersion)
    const batch = open && open.objects.length < mostObjects ? open : this.#begin(definition, apiVersion, batches)
    const place = batch.objects.push(object) - 1
    return (await batch.answer)[place] as KubeObject
  }

  #begin(definition: CustomResourceDefinition, apiVersion: string, batches: Map<string, Batch>): Batch {
    const objects: KubeObject[] = []
    const batch: Batch = {
      objects,
      answer: Promise.resolve().then(() => {
        if (batches.get(apiVersion) === batch) batches.delete(apiVersion)
        return this.#review(definition, objects, apiVersion)
      }),
    }
    batches.set(apiVersion, batch)
    return batch
  }

  async #review(definition: CustomResourceDefinition, objects: readonly KubeObject[], apiVersion: string) {
    const { group, version } = parseApiVersion(objects[0]?.apiVersion ?? '')
    const webhook = `conversion webhook for ${group}/${version}, Kind=${objects[0]?.kind}`
    try {
      const { uid, review } = reviewOf(definition, objects, apiVersion)
      const converted = convertedIn(await this.#post(definition, review), uid)
      if (converted.length !== objects.length)
        throw new ConversionError(`returned ${converted.length} objects, expected ${objects.length}`)
      return objects.map((object, i) => checked(object, converted[i], apiVersion, i))
    } catch (error) {
      const what = error instanceof ConversionError ? error.message : `failed: ${(error as Error).message}`
      throw new StatusError(500, '', `${webhook} ${what}`)
    }
  }
}

/** What is wrong with the objects that came back. */
class ConversionError extends Error {}

function reviewOf(definition: CustomResourceDefinition, objects: readonly KubeObject[], desiredAPIVersion: string) {
  const versions = definition.spec.conversion?.webhook?.conversionReviewVersions ?? []
  const version = versions.find((v) => v === 'v1' || v === 'v1beta1')
  if (!version) throw new Error('no supported conversion review versions')
  const uid = randomUUID()
  const request = { uid, desiredAPIVersion, objects }
  return { uid, review: { kind: 'ConversionReview', apiVersion: `apiextensions.k8s.io/${version}`, request } }
}

interface ConversionResponse {
  uid?: string
  convertedObjects?: unknown[]
  result?: { status?: string; message?: string }
}

/** The objects of an answer. Pure. Throws an Error. */
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

/** A converted object with the metadata that a webhook may not change. Pure. Throws a ConversionError. */
export function checked(original: KubeObject, given: unknown, apiVersion: string, index: number): KubeObject {
  const at = `returned invalid converted object at index ${index}`
  if (typeof given !== 'object' || given === null) throw new ConversionError(`${at}: it is no object`)
  const converted = given as KubeObject
  if (converted.apiVersion !== apiVersion)
    throw new ConversionError(`${at}: invalid groupVersion (expected ${apiVersion}, received ${converted.apiVersion ?? ''})`)
  if (converted.kind !== original.kind)
    throw new ConversionError(`${at}: invalid kind (expected ${original.kind}, received ${converted.kind ?? ''})`)
  const [before, after] = [original.metadata, (converted.metadata ?? {}) as ObjectMeta]
  for (const [field, label] of [
    ['name', 'name'],
    ['namespace', 'namespace'],
    ['uid', 'UID'],
  ] as const) {
    if ((before[field] ?? '') !== (after[field] ?? ''))
      throw new ConversionError(`${at}: must have the same ${label}: ${before[field] ?? ''} != ${after[field] ?? ''}`)
  }
  return { ...converted, metadata: restored(before, after, `returned invalid metadata in object at index ${index}`) }
}

/** The original's metadata with the labels and annotations of the converted object. */
function restored(before: ObjectMeta, after: ObjectMeta, at: string): ObjectMeta {
  const { labels: _, annotations: __, ...rest } = before
  const errors: FieldError[] = []
  for (const field of ['labels', 'annotations'] as const) {
    const odd = Object.entries(after[field] ?? {}).find(([, value]) => typeof value !== 'string')
    if (odd) throw new ConversionError(`${at}: metadata.${field}[${odd[0]}] must be a string`)
  }
  validateLabels(after.labels, 'metadata.labels', errors)
  validateAnnotations(after.annotations, 'metadata.annotation', errors)
  if (errors.length > 0) throw new ConversionError(`${at}: ${errors.map((e) => `${e.field}: ${e.message}`).join(', ')}`)
  return {
    ...rest,
    ...(after.labels ? { labels: after.labels } : {}),
    ...(after.annotations ? { annotations: after.annotations } : {}),
  }
}
