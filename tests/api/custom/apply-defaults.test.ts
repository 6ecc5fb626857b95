import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { KubeObject } from '../../../src/apimachinery/object.ts'
import { customResource } from '../../../src/crd/authoring/custom-resource.ts'
import { schema } from '../../../src/crd/authoring/schema.ts'
import { installDefinition } from '../../../src/operators/install-definition.ts'
import { eventually } from '../../eventually.ts'
import { testApi } from '../test-api.ts'

const Widget = customResource({
  group: 'example.com',
  version: 'v1',
  kind: 'Widget',
  spec: schema
    .object({ size: schema.integer().default(3), name: schema.string().optional() })
    .rule('self.size == oldSelf.size', 'cannot be changed'),
})
const options = { fieldManager: 'test', force: true }

test('server-side apply fills in the defaults of a custom kind, when it creates and when it changes', async () => {
  const { api, client } = await testApi()
  await installDefinition(client, Widget.definition, AbortSignal.timeout(10_000), 'test')
  const metadata = { name: 'a', namespace: 'default' }
  await client.apply(Widget, Widget.make(metadata, {}), options)
  assert.equal((await client.get(Widget, 'a', { namespace: 'default' })).spec, { size: 3 })
  // The rule compares with a default that is stored.
  assert.equal((await client.apply(Widget, Widget.make(metadata, { name: 'x' }), options)).spec, { size: 3, name: 'x' })
  api.close()
})

test('a null that is applied is judged, not dropped; in a merge patch or a new object it is dropped', async () => {
  const { api, client } = await testApi()
  await installDefinition(client, Widget.definition, AbortSignal.timeout(10_000), 'test')
  const metadata = { name: 'a', namespace: 'default' }
  const empty = Widget.make(metadata, { name: null } as never)
  const refused = await client.apply(Widget, empty, options).catch((error: Error) => error.message)
  assert.match(String(refused), 'spec.name: Invalid value: "null": spec.name in body must be of type string: "null"')
  assert.equal((await client.create(Widget, empty)).spec, { size: 3 })
  // What has a default takes it.
  assert.equal((await client.apply(Widget, Widget.make(metadata, { size: null } as never), options)).spec, { size: 3 })
  api.close()
})

const any = { 'x-kubernetes-preserve-unknown-fields': true }
const definition = (schema: object) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'gs.e.com' },
  spec: {
    group: 'e.com',
    scope: 'Namespaced',
    names: { plural: 'gs', kind: 'G' },
    versions: [
      { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec: schema } } } },
    ],
  },
})
const gs = { group: 'e.com', version: 'v1', resource: 'gs', kind: 'G', namespaced: true }
const g = (name: string, spec: object) =>
  ({ apiVersion: 'e.com/v1', kind: 'G', metadata: { name, namespace: 'default' }, spec }) as unknown as KubeObject

test('a null that is applied where anything may be is not stored', async () => {
  const { api, client } = await testApi()
  const schema = { type: 'object', properties: { any, kept: { ...any, nullable: true } } }
  await installDefinition(client, definition(schema) as never, AbortSignal.timeout(10_000), 'test')
  for (const name of ['new', 'new']) {
    const applied = await client.apply(gs, g(name, { any: null, kept: null }), options)
    assert.equal((applied as KubeObject & { spec: object }).spec, { kept: null })
  }
  api.close()
})

test('an object that a changed schema does not fit has no managers any more, and cannot be applied', async () => {
  const { api, client } = await testApi()
  const install = (schema: object) => installDefinition(client, definition(schema) as never, AbortSignal.timeout(10_000), 'test')
  await install({ type: 'object', properties: { a: any, b: { type: 'string' } } })
  await client.create(gs, g('x', { a: 'text' }))
  await install({ type: 'object', properties: { a: { type: 'integer' }, b: { type: 'string' } } })
  const at = { namespace: 'default' }
  const isServed = async () => {
    const changed = await client.patch(gs, 'x', { type: 'merge', body: { spec: { b: String(performance.now()) } } }, at)
    return changed.metadata.managedFields === undefined
  }
  await eventually(isServed)
  const refused = await client.apply(gs, g('x', { b: 'c' }), options).catch((error: Error) => error.message)
  assert.is(
    refused,
    'failed to create manager for existing fields: failed to convert new object (default/x; e.com/v1, Kind=G) to smd typed: .spec.a: expected numeric (int or float), got string',
  )
  api.close()
})

test.run()
