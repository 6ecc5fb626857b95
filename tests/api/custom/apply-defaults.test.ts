import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { customResource } from '../../../src/crd/authoring/custom-resource.ts'
import { schema } from '../../../src/crd/authoring/schema.ts'
import { installDefinition } from '../../../src/operators/install-definition.ts'
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

test.run()
