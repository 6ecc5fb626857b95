import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { flowWishes } from '../../../../src/cli/assembly/api/flow-control.ts'

test('the limits of requests are those of kube-apiserver, unless flags say otherwise', () => {
  assert.equal(flowWishes({}), { priorityAndFairness: true, limits: { reading: 400, writing: 200 } })
  const values = { 'enable-priority-and-fairness': 'false', 'max-requests-inflight': '0', 'max-mutating-requests-inflight': '7' }
  assert.equal(flowWishes(values), { priorityAndFairness: false, limits: { reading: 0, writing: 7 } })
})

test('limits that kube-apiserver would not start with are refused in its words', () => {
  const none = { 'max-requests-inflight': '0', 'max-mutating-requests-inflight': '0' }
  assert.throws(() => flowWishes(none), /MaxRequestsInFlight=0 and .*must add up to something positive/)
  assert.equal(flowWishes({ ...none, 'enable-priority-and-fairness': 'false' }).limits, { reading: 0, writing: 0 })
  assert.throws(() => flowWishes({ 'max-requests-inflight': '-1' }), '--max-requests-inflight can not be negative value')
  assert.throws(() => flowWishes({ 'enable-priority-and-fairness': 'no' }), /must be true or false/)
})

test.run()
