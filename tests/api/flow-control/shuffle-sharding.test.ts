import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { deal, hashOfFlow } from '../../../src/api/flow-control/shuffle-sharding.ts'

// What k8s.io/apiserver 0.36.3 gives.
test('a flow has the hash and the queues that it has with kube-apiserver', () => {
  const cases: [string, string, bigint, number[], number[]][] = [
    [
      'service-accounts',
      'system:serviceaccount:shop:web',
      4364747387442087848n,
      [40, 25, 114, 32, 59, 126],
      [40, 22, 8, 39, 20, 50, 60, 27],
    ],
    ['global-default', 'jane', 6822407026147695384n, [24, 0, 86, 104, 74, 31], [24, 43, 60, 49, 28, 55, 35, 42]],
    ['workload', '', 7792121194661551771n, [27, 13, 120, 64, 121, 67], [27, 10, 21, 9, 19, 62, 29, 26]],
  ]
  for (const [schema, distinguisher, hash, six, eight] of cases) {
    assert.is(hashOfFlow(schema, distinguisher), hash)
    assert.equal(deal(hash, 128, 6), six)
    assert.equal(deal(hash, 64, 8), eight)
  }
})

test('a hand has no queue twice', () => {
  for (let i = 0n; i < 500n; i++) assert.is(new Set(deal(i * 0x9e3779b97f4a7c15n, 12, 12)).size, 12)
})

test.run()
