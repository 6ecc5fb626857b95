import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FlowMetrics } from '../../../src/api/flow-control/flow-metrics.ts'
import { Levels } from '../../../src/api/flow-control/levels.ts'
import { limitsOf } from '../../../src/api/flow-control/limits.ts'
import type { Entry } from '../../../src/api/flow-control/queue-set.ts'
import { requestInfo } from '../../../src/api/pipeline/request-info.ts'
import type { PriorityLevelConfiguration } from '../../../src/apimachinery/kinds.generated.ts'
import { createVirtualClock } from '../../../src/testkit/virtual-clock.ts'

const never = () => new AbortController().signal
const level = (name: string, nominalConcurrencyShares: number, more: object = {}): PriorityLevelConfiguration => ({
  metadata: { name },
  spec: { type: 'Limited', limited: { nominalConcurrencyShares, limitResponse: { type: 'Reject' }, ...more } as never },
})
const queuing = { queues: 128, handSize: 6, queueLengthLimit: 50 }
const queues = { limitResponse: { type: 'Queue', queuing } }
/** The levels that kube-apiserver 1.36 makes. */
const standard = [
  level('global-default', 20, { ...queues, lendablePercent: 50 }),
  level('leader-election', 10, { limitResponse: { type: 'Queue', queuing: { ...queuing, queues: 16, handSize: 4 } } }),
  level('node-high', 40, { ...queues, lendablePercent: 25 }),
  level('system', 30, { ...queues, lendablePercent: 33 }),
  level('workload-high', 40, { ...queues, lendablePercent: 50 }),
  level('workload-low', 100, { ...queues, lendablePercent: 90 }),
]
const asked = () => ({
  series: new FlowMetrics().of('l', 's'),
  schema: 's',
  distinguisher: '',
  hand: [0],
  work: { initialSeats: 1, finalSeats: 0, additionalMs: 0 },
  user: 'jane',
  info: requestInfo('GET', '/api/v1/pods', new URLSearchParams()),
  onWaiting: () => {},
})
const seats = (levels: Levels) => Object.fromEntries(levels.all().map(({ name, seats }) => [name, seats]))

test('a level has its share of all seats, lends a part of them and may borrow to a bound', () => {
  const limits = limitsOf([level('a', 30, { ...queues, lendablePercent: 50, borrowingLimitPercent: 20 }), level('b', 10)], 600)
  const shown = { isExempt: false, queuing, nominal: 450, lower: 225, upper: 540, seatsOfRequest: 68 }
  assert.equal(limits.get('a'), shown)
  assert.equal(limits.get('b')?.queuing, undefined)
  assert.is(limits.get('b')?.upper, 750, 'without a bound it may borrow everything')
})

// What kube-apiserver 1.36 shows on /metrics at rest, with its 600 seats.
test('the standard levels at rest have the seats that they have with kube-apiserver', () => {
  const levels = new Levels(600, createVirtualClock())
  levels.settle(standard)
  assert.equal(seats(levels), {
    'catch-all': 30,
    exempt: 0,
    'global-default': 56,
    'leader-election': 58,
    'node-high': 170,
    system: 117,
    'workload-high': 114,
    'workload-low': 56,
  })
  assert.ok(Math.abs(levels.fairFraction - 7 / 3) < 1e-9)
})

test('a busy level gets seats of levels at rest within ten seconds, and they get them back when they need them', async () => {
  const clock = createVirtualClock()
  const levels = new Levels(600, clock)
  levels.settle(standard)
  const enter = (name: string) => levels.get(name)?.queueSet.enter(asked(), never)
  for (let i = 0; i < 90; i++) void enter('workload-low')
  assert.is(levels.get('workload-low')?.queueSet.executing, 56)
  await clock.advance(10_000)
  levels.adjust()
  assert.is(levels.get('workload-low')?.queueSet.executing, 90)
  const before = seats(levels)['node-high'] ?? 0
  assert.ok(before < 170, `node-high has lent some of its seats: ${before}`)
  const mine: (Entry | Promise<Entry> | undefined)[] = []
  for (let i = 0; i < 98; i++) mine.push(enter('node-high'))
  await clock.advance(10_000)
  levels.adjust()
  assert.ok((seats(levels)['node-high'] ?? 0) >= 98, 'its nominal seats are its own')
})

test('a level that is gone stays until nothing runs in it', () => {
  const levels = new Levels(600, createVirtualClock())
  levels.settle(standard)
  const system = levels.get('system')
  const entry = system?.queueSet.enter(asked(), never) as Entry
  levels.settle(standard.filter(({ metadata }) => metadata.name !== 'system' && metadata.name !== 'node-high'))
  assert.is(levels.get('node-high'), undefined)
  assert.is(levels.get('system')?.isQuiescing, true)
  system?.queueSet.finish(entry)
  levels.settle(standard.slice(0, 2))
  assert.is(levels.get('system'), undefined)
})

test.run()
