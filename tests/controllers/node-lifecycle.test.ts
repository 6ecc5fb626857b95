import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { leases, namespaces } from '../../src/apimachinery/resources.generated.ts'
import { startTestServer } from '../../src/testkit/test-server.ts'

const lease = { namespace: 'kube-node-lease' }
const renewTime = (ms: number) => new Date(ms).toISOString().replace('Z', '000Z')

/** A cluster whose node `n1` renews its Lease each 10 s until it falls silent. */
async function withNode(run: (c: Awaited<ReturnType<typeof cluster>>) => Promise<void>): Promise<void> {
  const c = await cluster()
  try {
    await run(c)
  } finally {
    await c.server.stop()
  }
}

async function cluster() {
  const server = await startTestServer({ controllers: ['node-controller'], nodes: ['n1'], clock: 'virtual' })
  const { client, clock } = server
  await client.create(namespaces, { metadata: { name: lease.namespace } } as never)
  const renew = () => client.patch(leases, 'n1', { type: 'merge', body: { spec: { renewTime: renewTime(clock.now()) } } }, lease)
  const beat = async (times: number) => {
    for (let i = 0; i < times; i++) {
      await server.advance('10s')
      await renew()
    }
  }
  const ready = async () => (await server.get('Node', 'n1'))?.status?.conditions?.find((c) => c.type === 'Ready')?.status
  return { server, client, clock, beat, ready }
}

test('a node that renews its Lease stays ready; one that falls silent is unknown and tainted 50 s later', () =>
  withNode(async ({ server, client, clock, beat, ready }) => {
    await client.create(
      leases,
      { metadata: { name: 'n1', ...lease }, spec: { holderIdentity: 'n1', renewTime: renewTime(clock.now()) } } as never,
      lease,
    )
    await beat(12)
    assert.is(await ready(), 'True')
    await server.advance('48s')
    assert.is(await ready(), 'True')
    await server.advance('4s')
    assert.is(await ready(), 'Unknown')
    const { taints = [] } = (await server.get('Node', 'n1'))?.spec ?? {}
    assert.equal(taints.map((t) => `${t.key}:${t.effect}`).sort(), [
      'node.kubernetes.io/unreachable:NoExecute',
      'node.kubernetes.io/unreachable:NoSchedule',
    ])
  }))

test('nothing wakes the controller between two signs of life', () =>
  withNode(async ({ server, clock }) => {
    await server.advance('5s')
    const waits = (clock as { next?(): number | undefined }).next?.() ?? 0
    assert.ok(waits > 30_000, `a timer is due in ${waits} ms`)
  }))

test.run()
