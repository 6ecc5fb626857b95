import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestServer } from 'slipway/testkit'
import operator, { Greeter } from './operator.ts'

test('a Greeter becomes a Deployment and a Service, and is ready when its pods are', async () => {
  const server = await startTestServer({ crds: [Greeter], controllers: 'all', nodes: ['node-1'] })
  server.run(operator)
  await server.create(Greeter, Greeter.make({ name: 'hello', namespace: 'default' }, { replicas: 2 }))
  const made = await server.eventually(async () => {
    const found = await server.get(Greeter, 'hello')
    return found?.status?.ready === 2 && found
  })
  assert.equal(made.status?.conditions?.find((c) => c.type === 'Ready')?.status, 'True')
  assert.equal((await server.get('Service', 'hello'))?.spec?.ports?.[0]?.targetPort, 80)
  await server.stop()
})

test('the API refuses what the schema does not allow', async () => {
  const server = await startTestServer({ crds: [Greeter] })
  const wrong = Greeter.make({ name: 'hello', namespace: 'default' }, { replicas: -1 })
  await assert.rejects(server.create(Greeter, wrong), /spec\.replicas: .*greater than or equal to 0/)
  await server.stop()
})
