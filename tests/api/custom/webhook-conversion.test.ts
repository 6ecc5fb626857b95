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

test('of objects that are asked for together only those fail that the webhook refuses', async () => {
  const asked: number[] = []
  const conversion = new WebhookConversion(async (_, review) => {
    const { uid, desiredAPIVersion, objects } = (review as Review).request
    asked.push(objects.length)
    const result = objects.some((o) => o.metadata.name === 'b') ? { status: 'Failure', message: 'no b' } : { status: 'Success' }
    const convertedObjects = objects.map((o) => rename(o, desiredAPIVersion))
    return { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', response: { uid, convertedObjects, result } }
  })
  const outcomes = await Promise.allSettled(
    ['a', 'b', 'c'].map((n) => conversion.convert(definition, widget(n), 'example.com/v2')),
  )
  assert.equal(
    outcomes.map((o) => o.status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.equal(asked, [3, 1, 1, 1])
})

test('a webhook that answers nobody is not asked for each object', async () => {
  let asked = 0
  const conversion = new WebhookConversion(async () => {
    asked++
    throw new Error('connection refused')
  })
  const names = Array.from({ length: 50 }, (_, i) => `w${i}`)
  const outcomes = await Promise.allSettled(names.map((n) => conversion.convert(definition, widget(n), 'example.com/v2')))
  assert.ok(outcomes.every((o) => o.status === 'rejected'))
  assert.is(asked, 4)
})

test('a review has the members that kube-apiserver sends, in its order', async () => {
  let sent: unknown
  const conversion = new WebhookConversion(async (_, review) => {
    sent = review
    throw new Error('enough')
  })
  await conversion.convert(definition, widget('a'), 'example.com/v2').catch(() => {})
  const { uid } = (sent as Review).request
  assert.is(
    JSON.stringify(sent),
    JSON.stringify({
      kind: 'ConversionReview',
      apiVersion: 'apiextensions.k8s.io/v1',
      request: { uid, desiredAPIVersion: 'example.com/v2', objects: [widget('a')] },
      response: { uid: '', convertedObjects: null, result: { metadata: {} } },
    }),
  )
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

/** A webhook whose answer is `change` of what a good one would say. */
const answering = (change: (answer: Record<string, unknown> & { response: Record<string, unknown> }) => unknown) =>
  new WebhookConversion(async (_, review) => {
    const { uid, desiredAPIVersion, objects } = (review as Review).request
    const response = { uid, convertedObjects: objects.map((o) => rename(o, desiredAPIVersion)), result: { status: 'Success' } }
    return change({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', response })
  })
    .convert(definition, widget('a'), 'example.com/v2')
    .then(
      () => 'converted',
      ({ code, message, status }) => `${code} ${status.reason} ${message}`,
    )
const told = '500 undefined conversion webhook for example.com/v1, Kind=Widget failed:'

test('an answer that is no review, or of another version, is refused as Go refuses to decode it', async () => {
  const cases: readonly [(answer: { response: object }) => unknown, string][] = [
    [
      (a) => ({ ...a, apiVersion: 'apiextensions.k8s.io/v1beta1' }),
      'converting (v1beta1.ConversionReview) to (v1.ConversionReview): unknown conversion',
    ],
    [() => ({ apiVersion: 'v1', kind: 'Status' }), 'converting (v1.Status) to (v1.ConversionReview): unknown conversion'],
    [
      (a) => ({ ...a, kind: 'AdmissionReview' }),
      'no kind "AdmissionReview" is registered for version "apiextensions.k8s.io/v1" in scheme "pkg/runtime/scheme.go:111"',
    ],
    [
      (a) => ({ response: a.response }),
      'expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got /, Kind=',
    ],
    [(a) => ({ ...a, response: null }), 'no response provided'],
    [
      (a) => ({ ...a, response: { ...a.response, result: 'Success' } }),
      'json: cannot unmarshal string into Go struct field ConversionResponse.response.result of type v1.Status',
    ],
    [
      (a) => ({ ...a, response: { ...a.response, convertedObjects: {} } }),
      'json: cannot unmarshal object into Go struct field ConversionResponse.response.convertedObjects of type []runtime.RawExtension',
    ],
  ]
  for (const [change, expected] of cases) assert.is(await answering(change), `${told} ${expected}`)
})

test('an object that cannot be read is told of as it is', async () => {
  const objects = (convertedObjects: unknown[]) => answering((a) => ({ ...a, response: { ...a.response, convertedObjects } }))
  assert.is(await objects([null]), '500 undefined unexpected end of JSON input')
  assert.is(await objects(['x']), '500 undefined json: cannot unmarshal string into Go value of type map[string]interface {}')
  assert.is(await objects([{}]), "500 undefined Object 'Kind' is missing in '{}'")
})

test('of those that are asked for together only what is wrong fails, and labels that are empty are gone', async () => {
  const { conversion } = webhook((o, v) => ({
    ...rename(o, v),
    metadata: o.metadata.name === 'bad' ? { ...o.metadata, name: 'other' } : { ...o.metadata, labels: {} },
  }))
  const convert = (name: string) => conversion.convert(definition, widget(name), 'example.com/v2')
  const [good, bad] = await Promise.allSettled([convert('good'), convert('bad')])
  assert.is(bad.status, 'rejected')
  assert.is(good.status === 'fulfilled' && good.value.metadata.labels, undefined)
})

test('labels that were there before are not validated again', async () => {
  const labels = { '/x': 'a' }
  const old = { ...widget('a'), metadata: { ...widget('a').metadata, labels } }
  const { metadata } = await webhook(rename).conversion.convert(definition, old, 'example.com/v2')
  assert.equal(metadata.labels, labels)
})

test.run()
