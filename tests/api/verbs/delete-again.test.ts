import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { configmaps, customresourcedefinitions } from '../../../src/apimachinery/resources.generated.ts'
import { isNotFound } from '../../../src/apimachinery/status.ts'
import { customResource } from '../../../src/crd/authoring/custom-resource.ts'
import { schema } from '../../../src/crd/authoring/schema.ts'
import { installDefinition } from '../../../src/operators/install-definition.ts'
import { eventually } from '../../../src/testkit/eventually.ts'
import { createVirtualClock } from '../../../src/testkit/virtual-clock.ts'
import { testApi } from '../test-api.ts'

const namespace = 'default'
const held = { name: 'a', namespace, finalizers: ['example.com/hold'] }

test('an object that waits for its finalizers is not written again when it is deleted again', async () => {
  const { api, client } = await testApi()
  await client.create(configmaps, { metadata: held } as never)
  await client.delete(configmaps, 'a', { namespace })
  const first = await client.get(configmaps, 'a', { namespace })
  assert.ok(first.metadata.deletionTimestamp)
  await client.delete(configmaps, 'a', { namespace })
  assert.equal(await client.get(configmaps, 'a', { namespace }), first)
  // Another wish is a change.
  await client.delete(configmaps, 'a', { namespace, propagationPolicy: 'Foreground' })
  const { finalizers } = (await client.get(configmaps, 'a', { namespace })).metadata
  assert.equal(finalizers, ['example.com/hold', 'foregroundDeletion'])
  api.close()
})

const Widget = customResource({ group: 'example.com', version: 'v1', kind: 'Widget', spec: schema.object({}) })

test('a definition whose objects wait for their finalizers is patient: they are deleted once, and it goes after them', async () => {
  const clock = createVirtualClock()
  const { api, client } = await testApi({ clock })
  await installDefinition(client, Widget.definition, AbortSignal.timeout(10_000), 'test')
  await client.create(Widget, Widget.make(held, {}))
  await client.delete(customresourcedefinitions, 'widgets.example.com')
  const widget = () => client.get(Widget, 'a', { namespace })
  const marked = await eventually(clock, async () => {
    const now = await widget()
    return now.metadata.deletionTimestamp ? now : undefined
  })
  // It looks again and again meanwhile.
  await clock.advance(60_000)
  assert.is((await widget()).metadata.resourceVersion, marked.metadata.resourceVersion)
  await client.patch(Widget, 'a', { type: 'merge', body: { metadata: { finalizers: null } } }, { namespace })
  await eventually(clock, () => client.get(customresourcedefinitions, 'widgets.example.com').then(() => false, isNotFound))
  api.close()
})

test.run()
