import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Pod, ReplicaSet } from '../../src/apimachinery/kinds.generated.ts'
import { inSlowStart } from '../../src/controllers/batches.ts'
import { decide, statusOf } from '../../src/controllers/replicaset.ts'

const now = Date.UTC(2026, 0, 1)
const set = (replicas: number): ReplicaSet => ({
  metadata: { name: 'web', namespace: 'a', uid: 's' },
  spec: { replicas, selector: {}, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [] } } },
})
interface Like {
  ready?: boolean
  node?: string
  phase?: 'Pending' | 'Running' | 'Failed'
  cost?: number
  deleting?: boolean
  ageMs?: number
}
const pod = (name: string, { ready = true, node = 'n1', phase = 'Running', cost, deleting, ageMs = 1e6 }: Like = {}): Pod => ({
  metadata: {
    name,
    uid: name,
    labels: { app: 'web' },
    creationTimestamp: new Date(now - ageMs).toISOString(),
    ...(deleting ? { deletionTimestamp: new Date(now).toISOString() } : {}),
    ...(cost === undefined ? {} : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': String(cost) } }),
  },
  spec: { containers: [], ...(node ? { nodeName: node } : {}) },
  status: {
    phase,
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: new Date(now - ageMs).toISOString() }],
  },
})
const removed = (count: number, pods: Pod[]) =>
  decide(set(pods.length - count), pods, pods, now)
    .remove.map((p) => p.metadata.name)
    .join()

test('missing pods are created, at most a burst; failed and leaving ones do not count', () => {
  assert.is(decide(set(3), [pod('a'), pod('b', { phase: 'Failed' }), pod('c', { deleting: true })], [], now).create, 2)
  assert.is(decide(set(10_000), [], [], now).create, 500)
})

test('unscheduled pods go first, then pending, unready, cheap, crowded and young ones', () => {
  assert.is(removed(1, [pod('a'), pod('b', { node: '' })]), 'b')
  assert.is(removed(1, [pod('a', { phase: 'Pending' }), pod('b', { ready: false })]), 'a')
  assert.is(removed(1, [pod('a'), pod('b', { ready: false })]), 'b')
  assert.is(removed(1, [pod('a', { cost: 5 }), pod('b', { cost: -5 })]), 'b')
  assert.is(removed(1, [pod('a', { node: 'n2' }), pod('b'), pod('c')]), 'b')
  assert.is(removed(1, [pod('a', { ageMs: 1e6 }), pod('b', { ageMs: 1e3 })]), 'b')
})

test('a set that is being deleted neither creates nor deletes', () => {
  const gone = { ...set(3), metadata: { name: 'web', deletionTimestamp: 'x' } }
  assert.equal(decide(gone, [], [], now), { create: 0, remove: [] })
})

test('status counts ready, available and terminating pods; a failure is a condition', () => {
  const minimum = { ...set(3), spec: { ...set(3).spec, minReadySeconds: 10, selector: {} } }
  const status = statusOf(minimum, [pod('a'), pod('b', { ageMs: 5000 }), pod('c', { deleting: true })], now, {
    reason: 'FailedCreate',
    message: 'quota',
  })
  assert.equal([status.replicas, status.readyReplicas, status.availableReplicas, status.terminatingReplicas], [2, 2, 1, 1])
  assert.is(status.conditions?.[0]?.reason, 'FailedCreate')
})

test('creations start slowly and stop after the batch that fails', async () => {
  let calls = 0
  const result = await inSlowStart(100, async () => {
    if (++calls > 3) throw new Error('quota')
  })
  assert.is(result.done, 3)
  assert.is(calls, 7)
})

test('the same failure with another pod in its message is no news: writing it would bring the set back at once', () => {
  const failure = (pod: string) => ({ reason: 'FailedCreate' as const, message: `pods "${pod}" is forbidden: exceeded quota` })
  const first = statusOf(set(1), [], now, failure('web-a'))
  const again = statusOf({ ...set(1), status: first }, [], now + 1000, failure('web-b'))
  assert.equal(again, first)
})

test.run()
