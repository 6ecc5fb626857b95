import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultPlugins } from '../../src/scheduler/plugins/index.ts'
import { createSchedulingQueue, type Entry } from '../../src/scheduler/queue.ts'
import { createVirtualClock } from '../../src/testkit/virtual-clock.ts'
import { node, pod } from './world.ts'

function make() {
  const clock = createVirtualClock()
  let ready = 0
  const queue = createSchedulingQueue({ clock, plugins: defaultPlugins, onReady: () => ready++ })
  return { clock, queue, ready: () => ready }
}

test('higher priority comes first, then the longer waiting', async () => {
  const { queue, clock } = make()
  const [a, b, c] = [pod({ priority: 1 }), pod({ priority: 9 }), pod({ priority: 1 })]
  for (const p of [a, b, c]) {
    queue.set(p)
    await clock.advance(1)
  }
  assert.equal([queue.pop()?.pod, queue.pop()?.pod, queue.pop()?.pod, queue.pop()], [b, a, c, undefined])
})

test('a rejected pod comes back only for an event that its rejecting plugin waits for', async () => {
  const { queue, clock } = make()
  const p = pod({ requests: { cpu: '6' } })
  queue.set(p)
  queue.reject(queue.pop() as Entry, new Set(['NodeResourcesFit']))
  await clock.advance(20_000)
  const small = node('a')
  queue.wake({ kind: 'node', now: { ...small, metadata: { ...small.metadata, labels: { x: 'y' } } }, before: small })
  assert.is(queue.place(p.metadata.uid ?? ''), 'unschedulable')
  queue.wake({ kind: 'node', now: node('a', { cpu: '8' }), before: small })
  assert.is(queue.place(p.metadata.uid ?? ''), 'active')
})

test('failures back off by 1 s doubled to 10 s; without any event a pod is tried again after 5 minutes', async () => {
  const { queue, clock } = make()
  queue.set(pod())
  for (const wait of [1000, 2000, 4000, 8000, 10_000]) {
    queue.retry(queue.pop() as Entry)
    await clock.advance(wait - 1)
    assert.is(queue.counts().backoff, 1)
    await clock.advance(1)
    assert.is(queue.counts().active, 1)
  }
  queue.reject(queue.pop() as Entry, new Set(['NodeName']))
  await clock.advance(299_999)
  assert.is(queue.counts().unschedulable, 1)
  await clock.advance(1)
  assert.is(queue.counts().active, 1)
})

test('a gated pod waits outside until its gates are gone', () => {
  const { queue } = make()
  const p = pod({ schedulingGates: [{ name: 'quota' }] })
  queue.set(p)
  assert.is(queue.pop(), undefined)
  queue.set({ ...p, spec: { containers: [] } })
  assert.is(queue.pop()?.pod.metadata.uid, p.metadata.uid)
})

test('a closed queue leaves no timer behind, nor sets one: a process that stops has not to wait 5 minutes', () => {
  const timers = new Set<() => void>()
  const clock = {
    now: () => 0,
    after: (_ms: number, run: () => void) => {
      timers.add(run)
      return () => void timers.delete(run)
    },
  }
  const queue = createSchedulingQueue({ clock, plugins: defaultPlugins, onReady: () => {} })
  for (const p of [pod(), pod(), pod()]) queue.set(p)
  queue.reject(queue.pop() as Entry, new Set(['NodeResourcesFit']))
  queue.retry(queue.pop() as Entry)
  const bound = queue.pop() as Entry
  assert.is(timers.size, 2)
  queue.close()
  queue.retry(bound)
  assert.is(timers.size, 0)
})

test.run()
