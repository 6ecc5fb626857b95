// Several processes of one operator: election with a warm standby, shards, fences, kinds that come late.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Resource } from '../../src/apimachinery/resource.ts'
import { leases } from '../../src/apimachinery/resources.generated.ts'
import { isSettled, liveMembers, ownerOf, ringOf } from '../../src/operators/election/members.ts'
import { startTestServer } from '../../src/testkit/start.ts'
import { Database, database, databaseCrd, databaseOperator } from './database.ts'

const lean = { crds: [databaseCrd], controllers: [], clock: 'virtual' } as const

test('one process works, the other stands by warm and takes over within a second of a clean stop', async () => {
  const server = await startTestServer(lean)
  const worked: string[] = []
  const process = (identity: string) => {
    const stop = new AbortController()
    const reconcile = ({ object }: { object: Database }) => {
      worked.push(`${identity} ${object.metadata.name}`)
      return undefined
    }
    const running = server.run(databaseOperator({ owns: [], reconcile }), { election: { identity }, signal: stop.signal })
    return { stop, running }
  }
  const a = process('a')
  await server.eventually(() => a.running.leads('database'))
  const b = process('b')
  await b.running.started
  await server.create(Database, database('x'))
  await server.eventually(() => worked.length === 1)
  await server.advance('1m')
  assert.equal(worked, ['a x'])
  assert.not(b.running.leads('database'))
  const stopped = server.clock.now()
  a.stop.abort()
  await server.eventually(() => worked.includes('b x'), { within: '5s' })
  assert.ok(server.clock.now() - stopped <= 1000, `took over after ${server.clock.now() - stopped} ms`)
  await server.stop()
})

test('losing the lease stops the work, not the process: writes are refused, and it works again when elected again', async () => {
  const server = await startTestServer(lean)
  const results: string[] = []
  const held = Promise.withResolvers<void>()
  const running = server.run(
    databaseOperator({
      owns: [],
      async reconcile({ object, client, signal }) {
        if (results.length === 0) {
          results.push('first')
          await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
          held.resolve()
          const patch = { type: 'merge', body: { spec: { replicas: 9 } } } as const
          await client.patch(Database, object.metadata.name, patch, { namespace: 'default' }).catch((e) => results.push(e.name))
        } else results.push('again')
        return undefined
      },
    }),
    { election: { identity: 'a' } },
  )
  await server.create(Database, database('x'))
  await server.eventually(() => results.length === 1)
  server.faults.set({ isDown: true })
  await server.eventually(() => !running.leads('database'), { within: '1m' })
  await held.promise
  await server.eventually(() => results.length === 2)
  assert.equal(results, ['first', 'LeaseLost'])
  server.faults.clear()
  await server.eventually(() => results.includes('again'), { within: '5m' })
  assert.is((await server.get(Database, 'x'))?.spec.replicas, 1)
  const lease = await server.get(leases, 'database.operators.slipway.dev')
  assert.is(lease?.spec?.holderIdentity, 'a')
  await server.stop()
})

test('rendezvous: each key has one owner, and only the keys of a member that goes move', () => {
  const keys = Array.from({ length: 3000 }, (_, i) => `default/db-${i}`)
  const three = keys.map((k) => ownerOf(k, ['a', 'b', 'c']))
  for (const m of ['a', 'b', 'c']) {
    const share = three.filter((o) => o === m).length / keys.length
    assert.ok(share > 0.28 && share < 0.39, `${m} has ${share}`)
  }
  const two = keys.map((k) => ownerOf(k, ['a', 'b']))
  assert.ok(keys.every((_, i) => three[i] === 'c' || three[i] === two[i]))
})

test('members are those whose leases last by our own clock; a ring is settled when all act by it', () => {
  const lease = (holderIdentity: string, ring: string) => ({
    lease: {
      metadata: { annotations: { 'operators.slipway.dev/ring': ring } },
      spec: { holderIdentity, leaseDurationSeconds: 15 },
    },
    at: 0,
  })
  const ring = ringOf(['a', 'b'])
  const seen = new Map([
    ['1', lease('b', ring)],
    ['2', lease('a', 'old')],
  ])
  assert.equal(liveMembers(seen, 14_000), ['a', 'b'])
  assert.equal(liveMembers(seen, 16_000), [])
  assert.not(isSettled(seen, ['a', 'b']))
  seen.set('2', lease('a', ring))
  assert.ok(isSettled(seen, ['a', 'b']))
})

test('shards: each key is worked on by exactly one process at a time, whoever comes and goes', async () => {
  const server = await startTestServer(lean)
  const busy = new Set<string>()
  const owners = new Map<string, string>()
  const process = (identity: string) => {
    const stop = new AbortController()
    const running = server.run(
      databaseOperator({
        owns: [],
        async reconcile({ object, clock }) {
          const { name } = object.metadata
          assert.not(busy.has(name), `${name} is worked on twice`)
          busy.add(name)
          await new Promise<void>((resolve) => void clock.after(100, resolve))
          busy.delete(name)
          owners.set(name, identity)
          return { requeueAfter: '1s' }
        },
      }),
      { shards: true, election: { identity }, signal: stop.signal },
    )
    return { stop, running }
  }
  const names = Array.from({ length: 12 }, (_, i) => `db-${i}`)
  for (const name of names) await server.create(Database, database(name))
  const a = process('a')
  await server.eventually(() => owners.size === names.length, { within: '1m' })
  const b = process('b')
  const share = (m: string) => names.filter((n) => owners.get(n) === m)
  const expected = (members: string[], m: string) => names.filter((n) => ownerOf(`default/${n}`, members) === m)
  await server.eventually(() => share('b').join() === expected(['a', 'b'], 'b').join(), { within: '2m' })
  assert.equal(a.running.members('database'), ['a', 'b'])
  a.stop.abort()
  await server.eventually(() => share('b').length === names.length, { within: '2m' })
  b.stop.abort()
  await server.stop()
})

test('a kind that is not served yet is waited for, without holding up others', async () => {
  const server = await startTestServer({ controllers: [], clock: 'virtual' })
  let runs = 0
  const running = server.run(
    databaseOperator({
      owns: [],
      reconcile: () => {
        runs++
        return undefined
      },
    }),
  )
  await server.eventually(() => running.waiting().get('database') === 'Database of example.dev/v1')
  await server.advance('5m')
  const { installDefinitions } = await import('../../src/testkit/definitions.ts')
  await installDefinitions(server.client, [databaseCrd])
  await server.create(Database, database('x'))
  await server.eventually(() => runs === 1, { within: '35s' })
  assert.is(running.waiting().size, 0)
  await server.stop()
})

test('objects say which kind of a child is missing, and go on when it comes', async () => {
  const server = await startTestServer(lean)
  const gadget = { group: 'example.dev', version: 'v1', resource: 'gadgets', kind: 'Gadget', namespaced: true } as Resource
  const running = server.run(
    databaseOperator({
      owns: [gadget],
      reconcile({ child }) {
        child(gadget, {})
        return undefined
      },
    }),
  )
  await server.create(Database, database('x'))
  const blocked = await server.eventually(async () => (await server.get(Database, 'x'))?.status?.conditions?.[0])
  assert.equal([blocked.type, blocked.status, blocked.message], ['Ready', 'False', 'Gadget of example.dev/v1 is not served'])
  assert.match(running.unready().join(), /WaitingForKind Gadget/)
  const { installDefinitions } = await import('../../src/testkit/definitions.ts')
  await installDefinitions(server.client, [databaseCrd.replaceAll('database', 'gadget').replaceAll('Database', 'Gadget')])
  await server.eventually(() => server.get(gadget, 'x'))
  await server.eventually(async () => (await server.get(Database, 'x'))?.status?.conditions?.length === 0)
  await server.stop()
})

test.run()
