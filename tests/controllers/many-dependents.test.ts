import { setImmediate } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { configmaps } from '../../src/apimachinery/resources.generated.ts'
import { longestTurn, mostTurnMs } from '../api/abuse/turns.ts'
import { startCluster } from './cluster.ts'

const count = 2000

test('nobody waits while an owner goes that owns thousands, however it goes', async () => {
  const c = await startCluster()
  let made = 0
  const delivered = async (propagationPolicy: 'Background' | 'Foreground' | 'Orphan') => {
    const name = `owner-${made++}`
    const { uid = '' } = (await c.client.create(configmaps, { metadata: { name, namespace: 'default' } })).metadata
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid, blockOwnerDeletion: true }]
    for (let i = 0; i < count; i++) {
      await c.client.create(configmaps, { metadata: { name: `${name}-${i}`, namespace: 'default', ownerReferences } })
      if (i % 20 === 0) await setImmediate()
    }
    await c.client.delete(configmaps, name, { namespace: 'default', propagationPolicy })
    const isOwned = () =>
      c.informers
        .of(configmaps)
        .list()
        .some((o) => o.metadata.ownerReferences?.[0]?.uid === uid)
    await c.until('nothing is owned', async () => !isOwned(), 30_000)
  }
  try {
    for (const policy of ['Background', 'Foreground', 'Orphan'] as const) {
      const turn = await longestTurn(() => delivered(policy))
      assert.ok(turn < mostTurnMs, `${policy}: a turn of ${turn.toFixed(0)} ms`)
    }
  } finally {
    await c.stop()
  }
})

test.run()
