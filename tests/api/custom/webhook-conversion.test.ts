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

test("what a webhook does wrong is told in kube-apiserver's words", async () => {
  const at = '500 conversion webhook for example.com/v1, Kind=Widget returned invalid converted object at index 0'
  assert.is(
    await webhook((o) => o).refusal(widget('a')),
    `${at}: invalid groupVersion (expected example.com/v2, received example.com/v1)`,
  )
  const renamed = webhook((o, v) => ({ ...rename(o, v), metadata: { ...o.metadata, name: 'b' } }))
  assert.is(await renamed.refusal(widget('a')), `${at}: must have the same name: a != b`)
  assert.is(
    await webhook(rename, { status: 'Failure', message: 'not today' }).refusal(widget('a')),
    '500 conversion webhook for example.com/v1, Kind=Widget failed: not today',
  )
})

test.run()
