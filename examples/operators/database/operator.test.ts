import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestServer, type TestServer } from 'slipway/testkit'
import operator, { Database } from './operator.ts'

const at = { namespace: 'default' }
const ready = (server: TestServer, version: string) =>
  server.eventually(async () => {
    const found = await server.get(Database, 'orders')
    const isReady = found?.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True')
    return isReady && found?.status?.version === version && found
  })

test('a database lives: it starts, is upgraded after a backup, and goes after its last one', async () => {
  const server = await startTestServer({ crds: [Database], controllers: 'all', nodes: ['node-1'] })
  server.nodes?.ending.set('example.com/backup:1', 0)
  server.run(operator)
  await server.create(Database, Database.make({ name: 'orders', ...at }, { replicas: 2, backup: {} }))
  assert.equal((await ready(server, '17')).status?.ready, 2)
  assert.equal((await server.get('CronJob', 'orders'))?.spec?.schedule, '0 3 * * *')

  const password = (await server.get('Secret', 'orders'))?.data?.password
  await server.client.patch(Database, 'orders', { type: 'merge', body: { spec: { version: '18' } } }, at)
  await ready(server, '18')
  const image = (await server.get('StatefulSet', 'orders'))?.spec?.template.spec?.containers[0]?.image
  assert.equal(image, 'postgres:18')
  assert.equal((await server.get('Secret', 'orders'))?.data?.password, password, 'the password stays')
  const back = server.client.patch(Database, 'orders', { type: 'merge', body: { spec: { version: '17' } } }, at)
  await assert.rejects(back, /data cannot go back/)

  await server.client.delete(Database, 'orders', at)
  await server.eventually(async () => (await server.get('Job', 'orders-last'))?.status?.succeeded === 1)
  await server.eventually(async () => (await server.get(Database, 'orders')) === undefined)
  await server.eventually(async () => (await server.list('StatefulSet')).length === 0)
  await server.stop()
})
