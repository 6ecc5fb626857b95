import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { expireEvents } from '../../../src/api/expiry/events.ts'
import { configmaps, events } from '../../../src/apimachinery/resources.generated.ts'
import { createVirtualClock } from '../../../src/testkit/virtual-clock.ts'
import { testApi } from '../test-api.ts'

const hour = 3_600_000
const inDefault = { namespace: 'default' }
const event = (name: string) =>
  ({ metadata: { name }, involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' }, reason: 'Tried' }) as never

test('an event goes an hour after it was last written, also one from before the start; other objects stay', async () => {
  const clock = createVirtualClock()
  const { api, client } = await testApi({ clock })
  const names = async () => (await client.list(events, inDefault)).items.map((e) => e.metadata.name)
  await client.create(events, event('old'), inDefault)
  await client.create(configmaps, { metadata: { name: 'stays' } } as never, inDefault)
  await clock.advance(hour / 2)
  const stop = expireEvents({ store: api.core.store, caches: api.core.caches, clock, ttlMs: hour })
  await client.create(events, event('new'), inDefault)
  await client.create(events, event('again'), inDefault)
  await clock.advance(hour / 2 + 1000)
  assert.equal(await names(), ['again', 'new'])
  await client.patch(events, 'again', { type: 'merge', body: { count: 2 } }, inDefault)
  await clock.advance(hour / 2)
  assert.equal(await names(), ['again'])
  await clock.advance(hour)
  assert.equal(await names(), [])
  assert.is((await client.list(configmaps, inDefault)).items.length, 1)
  stop()
  assert.is(clock.pending(), 0)
})

test('many events that are due at once all go', async () => {
  const clock = createVirtualClock()
  const { api, client } = await testApi({ clock })
  const stop = expireEvents({ store: api.core.store, caches: api.core.caches, clock, ttlMs: hour })
  for (let i = 0; i < 350; i++) await client.create(events, event(`e${i}`), inDefault)
  await clock.advance(hour + 1)
  await clock.advance(1)
  assert.is((await client.list(events, inDefault)).items.length, 0)
  stop()
})

test.run()
