import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Event, Pod } from '../../src/apimachinery/kinds.generated.ts'
import { events, pods } from '../../src/apimachinery/resources.generated.ts'
import { type AnyCondition, withCondition } from '../../src/operators/conditions.ts'
import { sameStatus } from '../../src/operators/equality.ts'
import { createEventRecorder } from '../../src/operators/events.ts'
import { silentLog } from '../../src/operators/log.ts'
import { createVirtualClock } from '../../src/testkit/virtual-clock.ts'
import { createServer } from '../client/informer-server.ts'

const pod: Pod = { metadata: { namespace: 'a', name: 'web-1', uid: 'u1' } }

async function recorded(record: (say: (reason: string, message: string) => void) => void): Promise<Event[]> {
  const server = createServer()
  const recorder = createEventRecorder(server.client, { clock: createVirtualClock(), component: 'test', log: silentLog })
  record((reason, message) => recorder.record({ resource: pods, object: pod, type: 'Warning', reason, message }))
  await recorder.flushed()
  return (await server.client.list(events)).items
}

test('an event that repeats is counted, not written again', async () => {
  const found = await recorded((say) => {
    for (let i = 0; i < 3; i++) say('BackOff', 'Back-off restarting failed container')
    say('Killing', 'Stopping container web')
  })
  assert.equal(
    found.map((e) => [e.reason, e.count]),
    [
      ['BackOff', 3],
      ['Killing', 1],
    ],
  )
  assert.equal(found[0]?.involvedObject, { apiVersion: 'v1', kind: 'Pod', namespace: 'a', name: 'web-1', uid: 'u1' })
  assert.is(found[0]?.source?.component, 'test')
})

test('more than ten similar messages are combined into one, and a flood is cut', async () => {
  const found = await recorded((say) => {
    for (let i = 0; i < 50; i++) say('Failed', `attempt ${i}`)
  })
  assert.is(found.length, 10)
  assert.match(found[9]?.message ?? '', /^\(combined from similar events\): attempt/)
  assert.is(
    found.reduce((n, e) => n + (e.count ?? 0), 0),
    25,
  )
})

test('a condition keeps its transition time while its status stays', () => {
  const first = withCondition<AnyCondition>([], { type: 'Ready', status: 'False', reason: 'A' }, 0)
  const second = withCondition(first, { type: 'Ready', status: 'False', reason: 'B' }, 60_000)
  assert.is(second[0]?.lastTransitionTime, '1970-01-01T00:00:00Z')
  assert.is(second[0]?.reason, 'B')
  assert.is(withCondition(second, { type: 'Ready', status: 'True' }, 60_000)[0]?.lastTransitionTime, '1970-01-01T00:01:00Z')
})

test('statuses that differ only in zero values are the same', () => {
  assert.ok(sameStatus({ replicas: 0, conditions: [] }, {}))
  assert.not(sameStatus({ replicas: 1 }, {}))
  assert.not(sameStatus({ conditions: [{ type: 'A' }] }, { conditions: [{ type: 'B' }] }))
})

test.run()
