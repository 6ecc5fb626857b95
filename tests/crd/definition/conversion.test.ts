import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { convertObjects } from '../../../src/crd/definition/conversion.ts'
import type { Json, JsonObject } from '../../../src/crd/schema/json-schema.ts'

const object = (version: string, name: string): JsonObject => ({
  apiVersion: `g.io/${version}`,
  kind: 'W',
  metadata: { name, uid: `u-${name}`, labels: { a: 'b' } },
})
const webhook = { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v7', 'v1'] } }

const convert = (objects: JsonObject[], answer: (review: JsonObject) => Json): Promise<JsonObject[]> =>
  convertObjects(objects, 'g.io/v2', webhook, 'id', async (review) => answer(review))

/** Answers as a webhook should, with `change` to each object. */
const well =
  (change: (made: Record<string, Json>) => void, result: JsonObject = { status: 'Success' }) =>
  (review: JsonObject): JsonObject => {
    const { objects } = review.request as unknown as { objects: JsonObject[] }
    const convertedObjects = objects.map((given) => {
      const made = { ...structuredClone(given), apiVersion: 'g.io/v2' } as Record<string, Json>
      change(made)
      return made
    })
    return {
      apiVersion: review.apiVersion as string,
      kind: 'ConversionReview',
      response: { uid: 'id', convertedObjects, result },
    }
  }

test('None changes only the name of the version', async () => {
  const given = object('v1', 'a')
  const [made] = await convertObjects([given], 'g.io/v2', { strategy: 'None' }, 'id', async () => null)
  assert.equal(made, object('v2', 'a'))
  assert.is(given.apiVersion, 'g.io/v1')
})

test('a webhook is sent what is in other versions, and decides on labels and annotations', async () => {
  let sent = 0
  const made = await convert([object('v1', 'a'), object('v2', 'b'), object('v1', 'c')], (review) => {
    sent = (review.request as unknown as { objects: Json[] }).objects.length
    return well((each) => {
      each.spec = { new: true }
      each.metadata = { ...(each.metadata as JsonObject), labels: { x: 'y' }, generation: 7 }
    })(review)
  })
  assert.is(sent, 2)
  assert.equal(made[0], {
    apiVersion: 'g.io/v2',
    kind: 'W',
    spec: { new: true },
    metadata: { name: 'a', uid: 'u-a', labels: { x: 'y' } },
  })
  assert.equal(made[1], object('v2', 'b'))
})

const failures: [string, (review: JsonObject) => Json, string][] = [
  ['no answer', () => ({}), 'failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got /, Kind='],
  [
    'no response',
    (review) => ({ apiVersion: review.apiVersion as string, kind: 'ConversionReview' }),
    'failed: no response provided',
  ],
  ['refusal', well(() => undefined, { status: 'Failure', message: 'never' }), 'failed: never'],
  ['no status', well(() => undefined, {}), "failed: response.result.status was '', not 'Success'"],
  [
    'another version',
    well((made) => {
      made.apiVersion = 'g.io/v3'
    }),
    'returned invalid object at index 0: invalid groupVersion (expected g.io/v2, received g.io/v3)',
  ],
  [
    'another name',
    well((made) => {
      made.metadata = { name: 'z', uid: 'u-a' }
    }),
    'returned invalid object: must have the same name: a != z',
  ],
  [
    'labels of another type',
    well((made) => {
      made.metadata = { ...(made.metadata as JsonObject), labels: { a: 1 } }
    }),
    'returned invalid metadata: metadata.labels[a] must be a string, but is int64 in converted object',
  ],
]

for (const [name, answer, message] of failures) {
  test(`webhook: ${name}`, async () => {
    const error = await convert([object('v1', 'a')], answer).catch((thrown: Error) => thrown)
    assert.is((error as Error).message, `conversion webhook for g.io/v1, Kind=W ${message}`)
  })
}

test.run()
