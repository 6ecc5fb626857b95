import { randomUUID } from 'node:crypto'
import type { KubeObject } from '../../apimachinery/object.ts'
import { parseApiVersion } from '../../apimachinery/resource.ts'
import { type StatusError, unforeseen } from '../../apimachinery/status.ts'
import { pauses } from '../../apimachinery/steps.ts'
import type { CustomResourceDefinition } from '../../crd/definition/definition.ts'
import { ConversionError, convertedIn, convertedObject, reviewOf, UnreadableObject } from './conversion-review.ts'

/** Posts a ConversionReview to the definition's webhook and gives what it answers. Throws an Error. */
type PostReview = (definition: CustomResourceDefinition, review: object) => Promise<unknown>

/** What becomes of an object: another, or why it could not be converted. */
type Outcome = KubeObject | StatusError

/** Objects that wait for one review, and what becomes of each. */
interface Batch {
  readonly objects: KubeObject[]
  readonly answer: Promise<readonly Outcome[]>
}

/** As many objects as one review carries. */
const mostObjects = 500

/** So many that fail alike one after another are taken for all: nobody answers. */
const enoughAlike = 3

/**
 * Conversions by webhook. What is asked for in one go (a list, a batch of events) is one review: `convert` may be called for each object
 * alone.
 */
export class WebhookConversion {
  readonly #post: PostReview
  readonly #pause = pauses()
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
    const converted = (await batch.answer)[place] as Outcome
    if (converted instanceof Error) throw converted
    return converted
  }

  /** Reviews of one long list are not all written, nor all their answers read, in one turn of the event loop. */
  async #turn(): Promise<void> {
    for (let wait = this.#pause(); wait; wait = this.#pause()) await wait
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

  /** Reviews of several objects are ours: what one of them is refused for, the others are not. */
  async #review(definition: CustomResourceDefinition, objects: readonly KubeObject[], apiVersion: string): Promise<Outcome[]> {
    const together = await this.#ask(definition, objects, apiVersion)
    if (!(together instanceof Error)) return together
    return objects.length === 1 ? [together] : this.#oneByOne(definition, objects, apiVersion)
  }

  async #oneByOne(definition: CustomResourceDefinition, objects: readonly KubeObject[], apiVersion: string): Promise<Outcome[]> {
    const outcomes: Outcome[] = []
    let alike = 0
    for (const object of objects) {
      const [outcome = unforeseen('nothing was asked')] = [await this.#ask(definition, [object], apiVersion)].flat()
      const [last] = outcomes.slice(-1)
      alike = outcome instanceof Error ? (messageOf(last) === outcome.message ? alike + 1 : 1) : 0
      outcomes.push(outcome)
      if (alike < enoughAlike) continue
      return [...outcomes, ...Array<Outcome>(objects.length - outcomes.length).fill(outcome)]
    }
    return outcomes
  }

  /** An outcome each; or, when the answer as a whole is no good, why. */
  async #ask(
    definition: CustomResourceDefinition,
    objects: readonly KubeObject[],
    apiVersion: string,
  ): Promise<Outcome[] | StatusError> {
    const { group, version } = parseApiVersion(objects[0]?.apiVersion ?? '')
    const webhook = `conversion webhook for ${group}/${version}, Kind=${objects[0]?.kind}`
    const failure = (error: unknown): StatusError => {
      const { message } = error as Error
      if (error instanceof UnreadableObject) return unforeseen(message)
      return unforeseen(`${webhook} ${error instanceof ConversionError ? message : `failed: ${message}`}`)
    }
    try {
      await this.#turn()
      const review = reviewOf(definition, objects, apiVersion, randomUUID())
      const answer = await this.#post(definition, review)
      await this.#turn()
      const converted = convertedIn(answer, review)
      if (converted.length !== objects.length)
        throw new ConversionError(`returned ${converted.length} objects, expected ${objects.length}`)
      return objects.map((object, i) => {
        try {
          return convertedObject(object, converted[i], apiVersion)
        } catch (error) {
          return failure(error)
        }
      })
    } catch (error) {
      return failure(error)
    }
  }
}

const messageOf = (outcome: Outcome | undefined): string | undefined => (outcome instanceof Error ? outcome.message : undefined)
