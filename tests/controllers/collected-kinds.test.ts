import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { apiservices, customresourcedefinitions } from '../../src/apimachinery/resources.generated.ts'
import type { Client } from '../../src/client/client.ts'
import { createInformerSet } from '../../src/client/informer-set.ts'
import { startGarbageCollector } from '../../src/controllers/garbage-collector.ts'
import { createVirtualClock } from '../../src/testkit/virtual-clock.ts'
import { testApi } from '../api/test-api.ts'

/** A collector on a virtual clock, and how often it asked discovery. */
async function collector() {
  const clock = createVirtualClock()
  const { client } = await testApi({ clock })
  const asked = { times: 0 }
  const counting: Client = Object.create(client, {
    raw: {
      value: (request: Parameters<Client['raw']>[0]) => {
        if (request.path === '/apis') asked.times++
        return client.raw(request)
      },
    },
  })
  const stop = new AbortController()
  const options = { signal: stop.signal, clock, random: () => 0 }
  const informers = createInformerSet(counting, options)
  const { started, graph } = startGarbageCollector(counting, { ...options, informers })
  await started
  for (let quiet = 0; quiet < 3; quiet++) await clock.advance(60_000)
  return { client, clock, asked, graph, stop }
}

const definition = {
  metadata: { name: 'boxes.shop.io' },
  spec: {
    group: 'shop.io',
    scope: 'Namespaced',
    names: { plural: 'boxes', kind: 'Box' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
}

test('discovery is not asked while nothing changes; after a definition changed, at once and once more', async () => {
  const { client, clock, asked, stop } = await collector()
  const before = asked.times
  await clock.advance(600_000)
  assert.is(asked.times, before)
  await client.create(customresourcedefinitions, definition as never)
  await clock.advance(1000)
  assert.ok(asked.times > before)
  const soon = asked.times
  await clock.advance(60_000)
  assert.is(asked.times, soon + 1)
  await clock.advance(600_000)
  assert.is(asked.times, soon + 1)
  stop.abort()
})

test('while there is an aggregated server, whose kinds change unsaid, discovery is asked every 30 s', async () => {
  const { client, clock, asked, stop } = await collector()
  const spec = { group: 'wardle.io', version: 'v1', groupPriorityMinimum: 1000, versionPriority: 10 }
  const service = { namespace: 'default', name: 'wardle' }
  await client.create(apiservices, {
    metadata: { name: 'v1.wardle.io' },
    spec: { ...spec, service, insecureSkipTLSVerify: true },
  })
  await clock.advance(60_000)
  const before = asked.times
  for (let minute = 0; minute < 5; minute++) for (let half = 0; half < 2; half++) await clock.advance(30_000)
  assert.ok(asked.times >= before + 9)
  stop.abort()
})

test.run()
