import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { WebhookConversion } from '../../../src/api/custom/webhook-conversion.ts'
import type { KubeObject } from '../../../src/apimachinery/object.ts'
import type { CustomResourceDefinition } from '../../../src/crd/definition/definition.ts'

const definition: CustomResourceDefinition = {
  metadata: { name: 'widgets.example.com' },
  spec: { group: 'example.com', conversion: { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'] } } },
}
interface Review {
  request: { uid: string; desiredAPIVersion: string; objects: KubeObject[] }
}
const widget = (name: string): KubeObject => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name, namespace: 'a', uid: name, resourceVersion: '7' },
})

/** A webhook that converts by `change`, and counts how often it is asked. */
function webhook(change: (object: KubeObject, version: string) => object, result: object = { status: 'Success' }) {
  const asked: number[] = []
  const conversion = new WebhookConversion(async (_, review) => {
    const { uid, desiredAPIVersion, objects } = (review as Review).request
    asked.push(objects.length)
    const convertedObjects = objects.map((o) => change(o, desiredAPIVersion))
    return { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', response: { uid, convertedObjects, result } }
  })
  const refusal = (object: KubeObject) =>
    conversion.convert(definition, object, 'example.com/v2').then(
      () => 'converted',
      (error) => `${error.code} ${error.message}`,
    )
  return { conversion, asked, refusal }
}
const rename = (object: KubeObject, apiVersion: string) => ({ ...object, apiVersion, metadata: { ...object.metadata } })

test('what is asked for together is one review, and each gets its own object', async () => {
  const { conversion, asked } = webhook(rename)
  const names = ['a', 'b', 'c']
  const converted = await Promise.all(names.map((n) => conversion.convert(definition, widget(n), 'example.com/v2')))
  assert.equal(
    converted.map((o) => `${o.apiVersion} ${o.metadata.name}`),
    names.map((n) => `example.com/v2 ${n}`),
  )
  assert.equal(asked, [3])
})

test('a webhook changes labels and annotations, nothing else of the metadata', async () => {
  const { conversion } = webhook((o, v) => ({
    ...rename(o, v),
    metadata: { ...o.metadata, resourceVersion: '1', labels: { a: 'b' } },
  }))
  const { metadata } = await conversion.convert(definition, widget('a'), 'example.com/v2')
  assert.equal(metadata, { name: 'a', namespace: 'a', uid: 'a', resourceVersion: '7', labels: { a: 'b' } })
})

const failed = '500 conversion webhook for example.com/v1, Kind=Widget'
const wrong = (change: (meta: Record<string, unknown>) => Record<string, unknown> | undefined) =>
  webhook((o, v) => ({ ...rename(o, v), metadata: change({ ...o.metadata }) })).refusal(widget('a'))

for (const [what, told, expected] of [
  [
    'another version',
    () => webhook((o) => o).refusal(widget('a')),
    'returned invalid object at index 0: invalid groupVersion (expected example.com/v2, received example.com/v1)',
  ],
  [
    'another kind',
    () => webhook((o, v) => ({ ...rename(o, v), kind: 'Gadget' })).refusal(widget('a')),
    'returned invalid object at index 0: invalid kind (expected Widget, received Gadget)',
  ],
  ['another name', () => wrong((m) => ({ ...m, name: 'b' })), 'returned invalid object: must have the same name: a != b'],
  [
    'labels of another type',
    () => wrong((m) => ({ ...m, labels: { a: 1 } })),
    'returned invalid metadata: metadata.labels[a] must be a string, but is int64 in converted object',
  ],
  [
    'annotations of another type',
    () => wrong((m) => ({ ...m, annotations: [] })),
    'returned invalid metadata: invalid metadata.annotations of type []interface {} in converted object',
  ],
  [
    'labels that nobody may have',
    () => wrong((m) => ({ ...m, labels: { '/x': 'a', '/y': 'a' } })),
    'returned invalid metadata: [metadata.labels: Invalid value: "/x": prefix part must be non-empty, metadata.labels: Invalid value: "/y": prefix part must be non-empty]',
  ],
  ['a refusal', () => webhook(rename, { status: 'Failure', message: 'not today' }).refusal(widget('a')), 'failed: not today'],
  [
    'a refusal without a word',
    () => webhook(rename, {}).refusal(widget('a')),
    "failed: response.result.status was '', not 'Success'",
  ],
] as const) {
  test(`a webhook that answers with ${what} is told of in kube-apiserver's words`, async () => {
    assert.is(await told(), `${failed} ${expected}`)
  })
}

test('labels that were there before are not validated again', async () => {
  const labels = { '/x': 'a' }
  const old = { ...widget('a'), metadata: { ...widget('a').metadata, labels } }
  const { metadata } = await webhook(rename).conversion.convert(definition, old, 'example.com/v2')
  assert.equal(metadata.labels, labels)
})

test.run()
