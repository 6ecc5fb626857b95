import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nodeStateOf } from '../../../src/scheduler/node-state.ts'
import { nodeAffinity } from '../../../src/scheduler/plugins/node-affinity.ts'
import { node, pod, world } from '../world.ts'

const disk = (type: string) => ({ matchExpressions: [{ key: 'disk', operator: 'In' as const, values: [type] }] })
const preferring = (...preferences: [weight: number, type: string][]) =>
  pod({
    affinity: {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: preferences.map(([weight, type]) => ({
          weight,
          preference: disk(type),
        })),
      },
    },
  })
const ssd = node('s', { labels: { disk: 'ssd' } })
const plain = node('p')

test('a node that the selector does not match is out, whatever else changes in the cluster', () => {
  const asked = pod({ nodeSelector: { disk: 'ssd' } })
  assert.is(nodeAffinity.filter?.(asked, nodeStateOf(ssd), undefined), undefined)
  assert.equal(nodeAffinity.filter?.(asked, nodeStateOf(plain), undefined)?.reasons, [
    "node(s) didn't match Pod's node affinity/selector",
  ])
})

test('a node scores the sum of the weights of the preferences that it meets', () => {
  const asked = preferring([10, 'ssd'], [5, 'ssd'], [20, 'hdd'], [0, 'ssd'])
  assert.is(nodeAffinity.score?.(asked, nodeStateOf(ssd), undefined), 15)
  assert.is(nodeAffinity.score?.(asked, nodeStateOf(plain), undefined), 0)
})

test('a pod without preferences is not scored', () => {
  assert.is(nodeAffinity.prepareScore?.(pod(), world([ssd]), []), 'skip')
  assert.is(nodeAffinity.prepareScore?.(preferring([1, 'ssd']), world([ssd]), []), undefined)
})

test('a pod that was kept away looks again at a node that matches, and at no other news', () => {
  const asked = pod({ nodeSelector: { disk: 'ssd' } })
  const wakes = (event: object) => nodeAffinity.wakes?.(event as never, asked)
  assert.is(wakes({ kind: 'node', now: ssd }), true)
  assert.is(wakes({ kind: 'node', now: plain }), false)
  assert.is(wakes({ kind: 'node', now: undefined, before: ssd }), false)
  assert.is(wakes({ kind: 'pod', now: ssd }), false)
})

test.run()
