import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FlowMetrics } from '../../../src/api/flow-control/flow-metrics.ts'
import { type Asked, type Entry, QueueSet } from '../../../src/api/flow-control/queue-set.ts'
import { requestInfo } from '../../../src/api/pipeline/request-info.ts'
import { createVirtualClock } from '../../../src/testkit/virtual-clock.ts'

const never = () => new AbortController().signal
const info = requestInfo('GET', '/api/v1/pods', new URLSearchParams())
const series = new FlowMetrics().of('level', 'schema')
const asked = (hand: number[], more: Partial<Asked['work']> = {}): Asked => ({
  series,
  schema: 'schema',
  distinguisher: '',
  hand,
  work: { initialSeats: 1, finalSeats: 0, additionalMs: 0, ...more },
  user: 'jane',
  info,
  onWaiting: () => {},
})
const queuing = { queues: 4, handSize: 1, queueLengthLimit: 5 }
const reasonOf = (e: unknown) => (e as { reason: string }).reason
const now = (entered: Entry | Promise<Entry>): Entry => {
  if (entered instanceof Promise) throw new Error('it waits')
  return entered
}

test('flows that wait are served in turn, whichever came first', async () => {
  const set = new QueueSet(queuing, 1, createVirtualClock())
  const order: string[] = []
  let running = now(set.enter(asked([0]), never))
  const waits = (['a1', 'a2', 'a3', 'b1'] as const).map((name) =>
    Promise.resolve(set.enter(asked([name[0] === 'a' ? 1 : 2]), never)).then((entry) => {
      order.push(name)
      running = entry
    }),
  )
  assert.is(set.waiting, 4)
  for (let i = 0; i < 4; i++) {
    set.finish(running)
    await new Promise(setImmediate)
  }
  await Promise.all(waits)
  assert.equal(order, ['a1', 'b1', 'a2', 'a3'])
})

test('a flow of heavy requests gets no more seats than one of light ones', async () => {
  const set = new QueueSet(queuing, 10, createVirtualClock())
  const running: Entry[] = [now(set.enter(asked([3], { initialSeats: 10 }), never))]
  const seats = { heavy: 0, light: 0 }
  const ask = async (flow: keyof typeof seats, queue: number, initialSeats: number) => {
    running.push(await set.enter(asked([queue], { initialSeats }), never))
    seats[flow] += initialSeats
  }
  for (let i = 0; i < 5; i++) void ask('heavy', 0, 5)
  for (let i = 0; i < 5; i++) void ask('light', 1, 1)
  set.finish(running.shift() as Entry)
  await new Promise(setImmediate)
  assert.equal(seats, { heavy: 5, light: 5 })
})

test('a request goes to the queue of its hand that has the least work', () => {
  const set = new QueueSet({ ...queuing, handSize: 2 }, 1, createVirtualClock())
  now(set.enter(asked([0, 1]), never))
  for (let i = 0; i < 4; i++) void set.enter(asked([1, 2]), never)
  assert.equal(
    set.queues.map((q) => q.waiting.length),
    [0, 2, 2, 0],
  )
})

test('who finds a full queue is refused, but not while there are seats', () => {
  const set = new QueueSet({ ...queuing, queueLengthLimit: 1 }, 1, createVirtualClock())
  now(set.enter(asked([0]), never))
  void set.enter(asked([0]), never)
  try {
    void set.enter(asked([0]), never)
    assert.unreachable()
  } catch (e) {
    assert.is(reasonOf(e), 'queue-full')
  }
  void set.enter(asked([1]), never)
  assert.is(set.waiting, 2)
  assert.is(set.rejected, 1)
})

test('a level without queues refuses who finds no seat', () => {
  const set = new QueueSet(undefined, 1, createVirtualClock())
  const first = now(set.enter(asked([]), never))
  try {
    void set.enter(asked([]), never)
    assert.unreachable()
  } catch (e) {
    assert.is(reasonOf(e), 'concurrency-limit')
  }
  set.finish(first)
  now(set.enter(asked([]), never))
})

test('who has waited too long is refused, and no seat is lost', async () => {
  const set = new QueueSet(queuing, 1, createVirtualClock())
  const tooLong = new AbortController()
  const first = now(set.enter(asked([0]), never))
  const waiting = set.enter(asked([0]), () => tooLong.signal)
  tooLong.abort()
  await Promise.resolve(waiting).then(
    () => assert.unreachable(),
    (e) => assert.is(reasonOf(e), 'time-out'),
  )
  assert.is(set.cancelled, 1)
  set.finish(first)
  assert.ok(set.isIdle)
  now(set.enter(asked([0]), never))
})

test('a request of more seats than there are runs when it is alone', async () => {
  const set = new QueueSet(queuing, 4, createVirtualClock())
  const small = now(set.enter(asked([0]), never))
  const large = set.enter(asked([1], { initialSeats: 9 }), never)
  assert.instance(large, Promise)
  set.finish(small)
  const entry = await large
  assert.is(set.seatsInUse, 9)
  set.finish(entry)
  assert.is(set.seatsInUse, 0)
})

test('the seats for watchers are given back later than the request ends', async () => {
  const clock = createVirtualClock()
  const set = new QueueSet(queuing, 4, clock)
  const write = now(set.enter(asked([0], { finalSeats: 3, additionalMs: 5 }), never))
  set.finish(write)
  assert.is(set.executing, 0)
  assert.is(set.seatsInUse, 3)
  await clock.advance(5)
  assert.is(set.seatsInUse, 0)
})

test('more seats let more run at once, and queues that are too many go when they are empty', async () => {
  const set = new QueueSet(queuing, 1, createVirtualClock())
  const entries = [set.enter(asked([0]), never), set.enter(asked([1]), never), set.enter(asked([3]), never)]
  set.configure({ ...queuing, queues: 2 }, 3)
  for (const entry of await Promise.all(entries)) set.finish(entry)
  assert.is(set.queues.length, 2)
  assert.ok(set.isIdle)
})

test.run()
