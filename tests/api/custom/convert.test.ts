import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { WebhookCalls } from '../../../src/api/admission/webhook/call.ts'
import { createConversion } from '../../../src/api/custom/convert.ts'
import type { KubeObject } from '../../../src/apimachinery/object.ts'
import type { CustomResourceDefinition } from '../../../src/crd/definition/definition.ts'

const clientConfig = { url: 'https://example.com' }
const definition: CustomResourceDefinition = {
  metadata: { name: 'ws.e.com' },
  spec: { group: 'e.com', conversion: { strategy: 'Webhook', webhook: { clientConfig, conversionReviewVersions: ['v1'] } } },
}
const late = { ask: () => Promise.reject(new Error('Post "https://example.com": context deadline exceeded')) }
const convert = createConversion(late as unknown as WebhookCalls)

test('a webhook that does not answer in time is told of as a timeout of the HTTP client', async () => {
  const object = { apiVersion: 'e.com/v1', kind: 'W', metadata: { name: 'a' } } as KubeObject
  const told = await Promise.resolve(convert(definition, object, 'e.com/v2')).catch((e: Error) => e.message)
  assert.is(
    told,
    'conversion webhook for e.com/v1, Kind=W failed: Post "https://example.com": net/http: request canceled (Client.Timeout exceeded while awaiting headers)',
  )
})

test('no webhook is asked about an object that is not there yet', () => {
  const bare = { apiVersion: 'e.com/v1', kind: 'W' } as KubeObject
  assert.equal(convert(definition, bare, 'e.com/v2'), { apiVersion: 'e.com/v2', kind: 'W' })
})

test.run()
