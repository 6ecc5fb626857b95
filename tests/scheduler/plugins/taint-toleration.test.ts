import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Taint } from '../../../src/apimachinery/kinds.generated.ts'
import { nodeStateOf } from '../../../src/scheduler/node-state.ts'
import { taintToleration } from '../../../src/scheduler/plugins/taint-toleration.ts'
import { node, pod } from '../world.ts'

type Effect = Taint['effect']

const tainted = (...effects: Effect[]) =>
  node('n', { taints: effects.map((effect, i) => ({ key: `k${i}`, value: 'v', effect })) })
const stateOf = (...effects: Effect[]) => nodeStateOf(tainted(...effects))
const filtered = (effect: Effect, tolerations: object[] = []) =>
  taintToleration.filter?.(pod({ tolerations }), stateOf(effect), undefined)
const scored = (tolerations: object[], ...effects: Effect[]) =>
  taintToleration.score?.(pod({ tolerations }), stateOf(...effects), undefined)

test('taints of the two hard effects keep a pod away that does not tolerate them, soft ones do not', () => {
  assert.equal(filtered('NoSchedule')?.reasons, ['node(s) had untolerated taint(s)'])
  assert.equal(filtered('NoExecute')?.reasons, ['node(s) had untolerated taint(s)'])
  assert.is(filtered('PreferNoSchedule'), undefined)
  assert.is(filtered('NoSchedule', [{ key: 'k0', operator: 'Exists' }]), undefined)
})

test('a node counts the soft taints that no toleration of their effect, or of any, speaks for', () => {
  assert.is(scored([], 'PreferNoSchedule', 'PreferNoSchedule'), 2)
  assert.is(scored([], 'NoSchedule'), 0)
  assert.is(scored([{ key: 'k0', operator: 'Exists' }], 'PreferNoSchedule', 'PreferNoSchedule'), 1)
  assert.is(scored([{ key: 'k0', operator: 'Exists', effect: 'PreferNoSchedule' }], 'PreferNoSchedule'), 0)
  assert.is(scored([{ key: 'k0', operator: 'Exists', effect: 'NoSchedule' }], 'PreferNoSchedule'), 1)
})

test('a pod that was kept away looks again at a node whose hard taints it tolerates, and at no other news', () => {
  const asked = pod()
  const wakes = (event: object) => taintToleration.wakes?.(event as never, asked)
  assert.is(wakes({ kind: 'node', now: tainted('PreferNoSchedule') }), true)
  assert.is(wakes({ kind: 'node', now: tainted('NoSchedule') }), false)
  assert.is(wakes({ kind: 'node', now: undefined, before: tainted() }), false)
  assert.is(wakes({ kind: 'pod', now: pod() }), false)
})

test.run()
