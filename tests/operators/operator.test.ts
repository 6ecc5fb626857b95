import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ConfigMap, Secret } from '../../src/apimachinery/kinds.generated.ts'
import { configmaps, leases, secrets } from '../../src/apimachinery/resources.generated.ts'
import { claimOf, runElected } from '../../src/operators/election/leader-election.ts'
import { silentLog } from '../../src/operators/log.ts'
import { defineOperator, type OperatorDefinition } from '../../src/operators/operator.ts'
import { statusFrom } from '../../src/operators/outcome.ts'
import { runOperators } from '../../src/operators/run-operators.ts'
import { createVirtualClock } from '../../src/testkit/virtual-clock.ts'
import { createServer, type Server } from '../client/informer-server.ts'
import { eventually } from '../eventually.ts'

const at = { namespace: 'a' }
const parent = (data: Record<string, string> = {}): ConfigMap => ({ metadata: { name: 'db', ...at, generation: 1 }, data })

async function running(server: Server, part: Partial<OperatorDefinition<ConfigMap>>) {
  const stop = new AbortController()
  const operator = defineOperator<ConfigMap>({
    name: 'db',
    for: configmaps,
    owns: ['Secret', 'Service'],
    reconcile: () => undefined,
    ...part,
  })
  const run = runOperators(server.client, [operator], {
    election: false,
    signal: stop.signal,
    clock: createVirtualClock(),
    log: silentLog,
  })
  await run.started
  return { stop, run }
}
const writes = (server: Server) =>
  server.requests.filter((r) => ['apply', 'create', 'update', 'patch', 'delete'].includes(r.verb) && r.resource !== 'events')

test('children are applied with the parent as owner; what is declared no more is deleted; nothing changed is not written', async () => {
  const server = createServer()
  const { stop } = await running(server, {
    reconcile({ object, child }) {
      child('Secret', { stringData: { user: object.data?.user ?? 'admin' } })
      if (object.data?.exposed) child('Service', { metadata: { name: 'db-public' }, spec: { ports: [] } })
      return undefined
    },
  })
  server.create(configmaps, parent({ exposed: 'yes' }))
  await eventually(() => writes(server).length === 2)
  const secret = await server.client.get(secrets, 'db', at)
  assert.is(secret.metadata.ownerReferences?.[0]?.name, 'db')
  assert.is(secret.stringData?.user, 'admin')
  server.update(configmaps, { ...parent(), metadata: { name: 'db', ...at, generation: 2 } })
  await eventually(() => writes(server).length === 3)
  assert.equal(
    writes(server).map((r) => `${r.verb} ${r.resource}`),
    ['apply secrets', 'apply services', 'delete services'],
  )
  server.update<Secret>(secrets, { ...secret, stringData: { user: 'intruder' } })
  await eventually(() => writes(server).length === 4)
  assert.is((await server.client.get(secrets, 'db', at)).stringData?.user, 'admin')
  stop.abort()
})

test('a reconcile that throws applies and prunes nothing', async () => {
  const server = createServer()
  const { stop, run } = await running(server, {
    reconcile({ child }) {
      child('Secret', {})
      throw new Error('not yet')
    },
  })
  server.create(configmaps, parent())
  await eventually(() => (run.metrics.get('db')?.error ?? 0) > 0)
  assert.is(writes(server).length, 0)
  stop.abort()
})

test('an object of the same name that belongs to somebody else is not taken over', async () => {
  const server = createServer()
  server.create<Secret>(secrets, { metadata: { name: 'db', ...at } })
  const { stop, run } = await running(server, {
    reconcile: ({ child }) => void child('Secret', { stringData: { a: 'b' } }) as undefined,
  })
  server.create(configmaps, parent())
  await eventually(() => (run.metrics.get('db')?.error ?? 0) > 0)
  assert.is((await server.client.get(secrets, 'db', at)).stringData, undefined)
  stop.abort()
})

test('with finalize, the object waits for it', async () => {
  const server = createServer()
  let finalized = 0
  const { stop } = await running(server, { finalize: () => void finalized++ })
  server.create(configmaps, parent())
  const finalizers = async () => (await server.client.get(configmaps, 'db', at)).metadata.finalizers
  await eventually(() => writes(server).length === 1)
  assert.equal(await finalizers(), ['operators.slipway.dev/db'])
  const live = await server.client.get(configmaps, 'db', at)
  server.update(configmaps, { ...live, metadata: { ...live.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } })
  await eventually(() => finalized === 1 && writes(server).length === 2)
  assert.equal(await finalizers(), [])
  stop.abort()
})

test('conditions are said by their type, with the generation they are about', () => {
  const status = statusFrom(parent(), { ready: 1, Ready: '1 of 3 up', Healthy: true }, 0) as {
    ready: number
    conditions: { type: string; status: string; message: string; reason: string; observedGeneration: number }[]
  }
  assert.is(status.ready, 1)
  assert.equal(
    status.conditions.map((c) => [c.type, c.status, c.reason, c.message, c.observedGeneration]),
    [
      ['Ready', 'False', 'NotReady', '1 of 3 up', 1],
      ['Healthy', 'True', 'Healthy', '', 1],
    ],
  )
})

test('a Lease is taken when it ran out by our own clock, and each change of holder is a new term', () => {
  const lease = { metadata: {}, spec: { holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 3 } }
  assert.is(claimOf({ lease, at: 0 }, 'b', 15_000, 14_999), undefined)
  assert.is(claimOf({ lease, at: 0 }, 'b', 15_000, 15_001)?.leaseTransitions, 4)
  assert.is(claimOf({ lease, at: 0 }, 'a', 15_000, 1)?.leaseTransitions, 3)
})

test('one candidate leads; when it stops it lets go and the next takes over at once', async () => {
  const server = createServer()
  const clock = createVirtualClock()
  const leading: string[] = []
  const stand = (identity: string) => {
    const stop = new AbortController()
    const options = {
      client: server.client,
      namespace: 'a',
      name: 'op',
      identity,
      clock,
      random: () => 0,
      signal: stop.signal,
      log: silentLog,
    }
    const done = runElected(options, async ({ signal, term }) => {
      leading.push(`${identity} ${term}`)
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      leading.push(`-${identity}`)
    })
    return { stop, done }
  }
  const a = stand('a')
  await eventually(() => leading.length === 1)
  const b = stand('b')
  await clock.advance(60_000)
  assert.equal(leading, ['a 0'])
  a.stop.abort()
  await a.done
  await clock.advance(3000)
  await eventually(() => leading.length === 3)
  assert.equal(leading, ['a 0', '-a', 'b 1'])
  b.stop.abort()
  await b.done
})

test('a leader that cannot renew for 10 s stops before another can start', async () => {
  const server = createServer()
  const clock = createVirtualClock()
  const stop = new AbortController()
  let lost = 0
  void runElected(
    {
      client: server.client,
      namespace: 'a',
      name: 'op',
      identity: 'a',
      clock,
      random: () => 0,
      signal: stop.signal,
      log: silentLog,
    },
    async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      lost = clock.now()
    },
  )
  await eventually(() => server.requests.some((r) => r.verb === 'create' && r.resource === leases.resource))
  const began = clock.now()
  server.fault = () => {
    throw new Error('connection refused')
  }
  await clock.advance(14_000)
  assert.ok(lost - began >= 10_000 && lost - began < 15_000, `stopped after ${lost - began} ms`)
  stop.abort()
})

test.run()
