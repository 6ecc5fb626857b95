import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LocalWebhooks } from '../../../src/api/admission/webhook/local.ts'
import type { KubeObject } from '../../../src/apimachinery/object.ts'
import { installDefinition } from '../../../src/operators/install-definition.ts'
import { admin, testApi } from '../test-api.ts'
import { longestTurn, mostTurnMs } from './turns.ts'

/** More objects than a webhook is sent at once. */
const count = 2500
const over = new AbortController()
const localWebhooks = new LocalWebhooks()

interface Review {
  readonly request: { readonly uid: string; readonly desiredAPIVersion: string; readonly objects: readonly KubeObject[] }
}

const webhook = localWebhooks.serve(async (_, given) => {
  const { uid, desiredAPIVersion, objects } = (given as Review).request
  const convertedObjects = objects.map((o) => ({ ...o, apiVersion: desiredAPIVersion }))
  const response = { uid, result: { status: 'Success' }, convertedObjects }
  return { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', response }
}, over.signal)

const { api, client } = await testApi({ localWebhooks })
const spec = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
const version = (name: string, storage: boolean) => ({
  name,
  served: true,
  storage,
  schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
})

test('nobody waits while a webhook converts a long list', async () => {
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'routes.abuse.io' },
    spec: {
      group: 'abuse.io',
      scope: 'Namespaced',
      names: { plural: 'routes', kind: 'Route' },
      versions: [version('v1', true), version('v2', false)],
      conversion: { strategy: 'Webhook', webhook: { clientConfig: webhook, conversionReviewVersions: ['v1'] } },
    },
  }
  await installDefinition(client, definition as never, AbortSignal.timeout(10_000), 'test')
  const routes = { group: 'abuse.io', version: 'v1', resource: 'routes', kind: 'Route', namespaced: true }
  const list = Array.from({ length: 20 }, (_, a) => ({ a }))
  for (let i = 0; i < count; i++) {
    const metadata = { name: `r${i}`, namespace: 'default' }
    await client.create(routes, { apiVersion: 'abuse.io/v1', kind: 'Route', metadata, spec: { list } } as KubeObject, {
      namespace: 'default',
    })
  }
  const path = '/apis/abuse.io/v2/namespaces/default/routes'
  // What was converted once stays so: there is one run only.
  const turn = await longestTurn(
    () => api.handle({ method: 'GET', path, query: new URLSearchParams(), headers: {}, user: admin, signal: over.signal }),
    Number.POSITIVE_INFINITY,
  )
  over.abort()
  api.close()
  assert.ok(turn < mostTurnMs, `a turn of ${turn.toFixed(0)} ms`)
})

test.run()
