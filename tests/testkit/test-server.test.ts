import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startTestServer } from '../../src/testkit/start.ts'
import { Database, database, databaseCrd, databaseOperator } from '../operators/database.ts'

test('an operator runs against a real API in memory: children, pods, status', async () => {
  const server = await startTestServer({ crds: [databaseCrd], controllers: 'all', nodes: ['n1'] })
  const running = server.run(databaseOperator())
  await server.create(Database, database('a', { replicas: 2, backup: '0 3 * * *' }))
  const ready = await server.eventually(async () => {
    const db = await server.get(Database, 'a')
    return db?.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ? db : undefined
  })
  assert.is(ready.status?.ready, 2)
  assert.is(ready.status?.observedGeneration, 1)
  assert.equal(
    (await server.list('CronJob')).map((o) => o.metadata.ownerReferences?.[0]?.name),
    ['a'],
  )
  const secret = await server.get('Secret', 'a')
  assert.is(Buffer.from(secret?.data?.password ?? '', 'base64').toString().length, 24)
  await running.idle()
  const before = server.recorder.writes
  await server.client.patch(Database, 'a', { type: 'merge', body: { spec: { backup: null } } }, { namespace: 'default' })
  await server.eventually(async () => (await server.list('CronJob')).length === 0)
  await running.idle()
  assert.is(server.recorder.writes - before, 2, 'one deletion and one status')
  await server.client.delete(Database, 'a', { namespace: 'default' })
  await server.eventually(async () => (await server.list('StatefulSet')).length + (await server.list('Secret')).length === 0)
  assert.equal(server.errors, [])
  await server.stop()
})

test('a failed test shows what happened', async () => {
  const server = await startTestServer({ crds: [databaseCrd], controllers: [] })
  server.run(databaseOperator({ reconcile: () => Promise.reject(new Error('no luck')) }))
  await server.create(Database, database('a'))
  try {
    await server.eventually(() => server.get('Secret', 'a'), { within: '200ms', what: 'a Secret' })
    assert.unreachable()
  } catch (error) {
    assert.match((error as Error).message, /not within 200ms: a Secret/)
    assert.match((error as Error).message, /reconcile +database default\/a #1: fails: no luck/)
  }
  await server.stop()
})

test('once its code is loaded a server starts in less than 300 ms of processor time', async () => {
  await (await startTestServer()).stop()
  const began = process.cpuUsage()
  const server = await startTestServer({ crds: [databaseCrd] })
  const { user, system } = process.cpuUsage(began)
  assert.ok(user + system < 300_000, `took ${(user + system) / 1000} ms`)
  await server.stop()
})

test('virtual time: a day of requeues takes a moment', async () => {
  const server = await startTestServer({ crds: [databaseCrd], clock: 'virtual', controllers: [] })
  let runs = 0
  server.run(
    databaseOperator({
      reconcile: () => {
        runs++
        return { requeueAfter: '1h' }
      },
    }),
  )
  await server.create(Database, database('a'))
  const began = performance.now()
  await server.eventually(() => runs >= 24, { within: '2d' })
  assert.ok(performance.now() - began < 5000, `took ${performance.now() - began} ms`)
  await server.stop()
})

test('what is in the API survives its restart, and operators go on', async () => {
  const server = await startTestServer({ crds: [databaseCrd] })
  server.run(databaseOperator())
  await server.create(Database, database('a'))
  await server.eventually(() => server.get('StatefulSet', 'a'))
  await server.restart()
  await server.create(Database, database('b'))
  await server.eventually(() => server.get('StatefulSet', 'b'))
  await server.stop()
})

test('others may do what RBAC gives them', async () => {
  const server = await startTestServer({ controllers: [] })
  const somebody = server.clientFor({ name: 'eve', groups: ['system:authenticated'] })
  const refused = await somebody.list((await import('../../src/apimachinery/resources.generated.ts')).secrets).catch((e) => e)
  assert.is(refused.code, 403)
  await server.stop()
})

test.run()
