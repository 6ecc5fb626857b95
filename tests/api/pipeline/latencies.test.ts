import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Latencies } from '../../../src/api/pipeline/latencies.ts'

test('of a request that took more than half a second the audit log tells where; of what happens side by side the longest', () => {
  const latencies = new Latencies()
  latencies.add('etcd', 1.5)
  latencies.add('etcd', 0.25)
  latencies.longest('validating-webhook', 300)
  latencies.longest('validating-webhook', 200)
  latencies.add('authorization', 0)
  assert.equal(latencies.notes(500), [])
  assert.equal(latencies.notes(501), [
    ['apiserver.latency.k8s.io/etcd', '1.75ms'],
    ['apiserver.latency.k8s.io/validating-webhook', '300ms'],
    ['apiserver.latency.k8s.io/total', '501ms'],
  ])
})

test('what others took is the wait in a queue and the webhooks', () => {
  const latencies = new Latencies()
  for (const layer of ['apf-queue-wait', 'mutating-webhook', 'etcd'] as const) latencies.add(layer, 10)
  assert.is(latencies.elsewhereMs, 20)
})

test.run()
