import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { LocalWebhooks } from '../../../src/api/admission/webhook/local.ts'
import type { Sink } from '../../../src/api/request.ts'
import type { KubeObject } from '../../../src/apimachinery/object.ts'
import { installDefinition } from '../../../src/operators/install-definition.ts'
import { admin, testApi } from '../test-api.ts'

const test = suite('a kind whose versions a webhook converts')
const over = new AbortController()
const localWebhooks = new LocalWebhooks()

/** v1 has `host` and `port`, v2 has them as `at`; what is `bad` has no v2. */
interface Route extends KubeObject {
  readonly spec: { readonly host?: string; readonly port?: string; readonly at?: string; readonly bad?: boolean }
}
interface Review {
  readonly request: { readonly uid: string; readonly desiredAPIVersion: string; readonly objects: readonly Route[] }
}

function converted(object: Route, apiVersion: string): Route {
  const { at, host = '', port = '', ...rest } = object.spec
  const [toHost = '', toPort = ''] = (at ?? '').split(':')
  const spec = apiVersion.endsWith('v1') ? { ...rest, host: toHost, port: toPort } : { ...rest, at: `${host}:${port}` }
  return { ...object, apiVersion, spec }
}

let isMended = false
const webhook = localWebhooks.serve(async (_, given) => {
  const { uid, desiredAPIVersion, objects } = (given as Review).request
  const isBad = !isMended && desiredAPIVersion.endsWith('v2') && objects.some(({ spec }) => spec.bad)
  const result = isBad ? { status: 'Failure', message: 'bad' } : { status: 'Success' }
  const convertedObjects = objects.map((o) => converted(o, desiredAPIVersion))
  return { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', response: { uid, result, convertedObjects } }
}, over.signal)

const { api, client } = await testApi({ localWebhooks })
const text = { type: 'string' }
const version = (name: string, storage: boolean, properties: object) => ({
  name,
  served: true,
  storage,
  schema: {
    openAPIV3Schema: {
      type: 'object',
      properties: { spec: { type: 'object', properties: { ...properties, bad: { type: 'boolean' } } } },
    },
  },
})
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'routes.e.com' },
  spec: {
    group: 'e.com',
    scope: 'Namespaced',
    names: { plural: 'routes', kind: 'Route' },
    versions: [version('v1', true, { host: text, port: text }), version('v2', false, { at: text })],
    conversion: { strategy: 'Webhook', webhook: { clientConfig: webhook, conversionReviewVersions: ['v1'] } },
  },
}
const routes = (v: string) => ({ group: 'e.com', version: v, resource: 'routes', kind: 'Route', namespaced: true })
const at = { namespace: 'default' }
const route = (v: string, name: string, spec: Route['spec']) =>
  ({ apiVersion: `e.com/${v}`, kind: 'Route', metadata: { name, namespace: 'default' }, spec }) as Route
const managers = ({ metadata }: KubeObject) => (metadata.managedFields ?? []).map((e) => `${e.manager} ${e.apiVersion}`)

test.before(() => installDefinition(client, definition as never, AbortSignal.timeout(10_000), 'test'))
test.after(() => {
  api.close()
  over.abort()
})

test('who wrote in one version stays a manager when another writes in another', async () => {
  await client.create(routes('v1'), route('v1', 'a', { host: 'h', port: '1' }), { ...at, fieldManager: 'one' })
  const change = { type: 'merge', body: { metadata: { labels: { x: 'y' } } } } as const
  const patched = await client.patch(routes('v2'), 'a', change, { ...at, fieldManager: 'two' })
  assert.equal(managers(patched), ['one e.com/v1', 'two e.com/v2'])
})

test('an apply in another version conflicts with who owns what it changes', async () => {
  const options = { fieldManager: 'three', force: false }
  const conflict = await client.apply(routes('v2'), route('v2', 'a', { at: 'h:2' }), options).catch((e: Error) => e.message)
  assert.is(conflict, 'Apply failed with 1 conflict: conflict with "one" using e.com/v1: .spec.port')
  const forced = await client.apply(routes('v2'), route('v2', 'a', { at: 'h:2' }), { ...options, force: true })
  assert.equal((forced as Route).spec, { at: 'h:2' })
})

test('a watch is silent while an object cannot be converted, and goes on when it can', async () => {
  const { metadata } = await client.list(routes('v1'))
  const query = new URLSearchParams(`watch=1&resourceVersion=${metadata.resourceVersion}`)
  const path = '/apis/e.com/v2/namespaces/default/routes'
  const { body } = await api.handle({ method: 'GET', path, query, headers: {}, user: admin, signal: over.signal })
  if (!('stream' in body) || !body.feed) throw new Error('no watch')
  const seen: string[] = []
  const { promise: all, resolve: done } = Promise.withResolvers<void>()
  const sink: Sink = {
    write: (bytes) => {
      seen.push(JSON.parse(Buffer.from(bytes).toString()).object.metadata.name)
      if (seen.includes('after')) done()
      return true
    },
    onDrain: undefined,
    end: () => seen.push('the end'),
    abort: () => seen.push('an end'),
  }
  const stop = body.feed(sink)
  for (const name of ['good', 'bad', 'after']) await client.create(routes('v1'), route('v1', name, { bad: name === 'bad' }), at)
  // A rejection that nobody takes ends the process in the turn after.
  await new Promise(setImmediate)
  assert.equal(seen, ['good'])
  isMended = true
  await all
  isMended = false
  assert.equal(seen, ['good', 'bad', 'after'])
  stop()
})

test('nothing of a kind is listed or watched in a version that one of it does not have, but for pages', async () => {
  await client.update(routes('v1'), { ...(await client.get(routes('v1'), 'bad', at)), spec: { host: 'x', bad: true } } as Route)
  const why = 'failed to list e.com/v2, Kind=Route: conversion webhook for e.com/v1, Kind=Route failed: bad'
  const asked = async (query: string) => {
    const path = '/apis/e.com/v2/namespaces/elsewhere/routes'
    const response = await api.handle({
      method: 'GET',
      path,
      query: new URLSearchParams(query),
      headers: {},
      user: admin,
      signal: over.signal,
    })
    const { message } =
      'bytes' in response.body ? JSON.parse(Buffer.from(response.body.bytes).toString()) : { message: undefined }
    return [response.status, message]
  }
  const refused = [429, `storage is (re)initializing: ${why}`]
  for (const query of ['', 'resourceVersion=0&limit=1', 'labelSelector=a%3Db', 'watch=1', 'watch=1&resourceVersion=1'])
    assert.equal(await asked(query), refused, query)
  assert.is((await asked('limit=1'))[0], 200)
  assert.is((await client.list(routes('v1'))).items.length, 4)
})

test('of a collection nothing is deleted when one of it cannot be converted', async () => {
  const refused = await client.deleteCollection(routes('v2'), at).then(
    () => '',
    (e: Error) => e.message,
  )
  assert.is(refused, 'conversion webhook for e.com/v1, Kind=Route failed: bad')
  assert.is((await client.list(routes('v1'))).items.length, 4)
  await client.deleteCollection(routes('v1'), at)
  assert.is((await client.list(routes('v1'))).items.length, 0)
})

test.run()
