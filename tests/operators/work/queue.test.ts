import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createQueue, priorities } from '../../../src/operators/work/queue.ts'
import { createVirtualClock } from '../../../src/testkit/virtual-clock.ts'

function make(random = () => 0.5) {
  const clock = createVirtualClock()
  return { clock, queue: createQueue({ clock, random }) }
}

test('a key that waits is not added twice, and order is that of arrival', async () => {
  const { queue } = make()
  for (const key of ['a', 'b', 'a']) queue.add(key)
  assert.is(queue.length, 2)
  assert.is(await queue.get(), 'a')
  assert.is(await queue.get(), 'b')
})

test('a key never runs twice at once; added while it runs, it runs once more', async () => {
  const { queue } = make()
  queue.add('a')
  assert.is(await queue.get(), 'a')
  queue.add('a')
  queue.add('a')
  assert.is(queue.length, 0)
  queue.done('a')
  assert.is(queue.length, 1)
  assert.is(await queue.get(), 'a')
  queue.done('a')
  assert.is(queue.length, 0)
})

test('changes overtake an initial list, and a raised key goes behind its new peers', async () => {
  const { queue } = make()
  for (const key of ['old1', 'old2']) queue.add(key, { priority: priorities.initial })
  queue.add('new')
  queue.add('old2')
  assert.equal([await queue.get(), await queue.get(), await queue.get()], ['new', 'old2', 'old1'])
})

test('retries wait 5 ms doubled up to 1000 s, forget starts over', async () => {
  const { queue, clock } = make()
  for (const delay of [5, 10, 20, 40]) {
    queue.addRateLimited('a')
    await clock.advance(delay - 1)
    assert.is(queue.length, 0)
    await clock.advance(1)
    assert.is(await queue.get(), 'a')
    queue.done('a')
  }
  queue.forget('a')
  queue.addRateLimited('a')
  await clock.advance(5)
  assert.is(queue.length, 1)
  for (let i = 0; i < 60; i++) queue.addRateLimited('b')
  await clock.advance(1_000_000)
  assert.is(queue.length, 2)
})

test('an API that was away for long is asked again within 30 s, and a failure after that waits as a first one', async () => {
  const { queue, clock } = make()
  for (let i = 0; i < 60; i++) queue.addUnasked('a')
  await clock.advance(30_000)
  assert.is(await queue.get(), 'a')
  queue.done('a')
  queue.addUnasked('a')
  await clock.advance(29_999)
  assert.is(queue.length, 0)
  await clock.advance(1)
  assert.is(await queue.get(), 'a')
  queue.done('a')
  queue.addRateLimited('a')
  await clock.advance(5)
  assert.is(queue.length, 1)
})

test('from the fifth on retries have ± 25 % jitter, never past the longest', async () => {
  const clock = createVirtualClock()
  const queue = createQueue({ clock, random: () => 0.999 })
  for (const delay of [5, 10, 20, 40, 99, 199]) {
    queue.addRateLimited('a')
    await clock.advance(delay)
    assert.is(queue.length, Number(delay < 50), `after ${delay} ms`)
    await clock.advance(1)
    await queue.get()
    queue.done('a')
  }
})

test('a retry keeps the priority that its key was taken with', async () => {
  const { queue, clock } = make()
  queue.add('old', { priority: -100 })
  await queue.get()
  queue.addRateLimited('old')
  queue.done('old')
  queue.add('first', { priority: -100 })
  await clock.advance(5)
  queue.add('change')
  assert.equal([await queue.get(), await queue.get(), await queue.get()], ['change', 'first', 'old'])
})

test('of two delays the earlier counts, and adding now overtakes both', async () => {
  const { queue, clock } = make()
  queue.add('a', { afterMs: 100 })
  queue.add('a', { afterMs: 1000 })
  queue.add('a', { afterMs: 50 })
  await clock.advance(50)
  assert.is(queue.length, 1)
  queue.add('b', { afterMs: 100 })
  queue.add('b')
  assert.is(queue.delayed, 0)
  assert.is(queue.length, 2)
})

test('shutting down works off what is ready, takes nothing more and wakes who waits', async () => {
  const { queue } = make()
  queue.add('a')
  const key = await queue.get()
  const waiting = queue.get()
  const stopped = queue.shutDown()
  queue.add('b')
  assert.is(await waiting, undefined)
  queue.done(key as string)
  await stopped
  assert.is(await queue.get(), undefined)
})

test.run()
