import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../src/apimachinery/clock.ts'
import type { Pod, PodStatus } from '../../src/apimachinery/kinds.generated.ts'
import type { Client } from '../../src/client/client.ts'
import { statusOf } from '../../src/nodes/pods/status.ts'
import { createStatusWriter } from '../../src/nodes/pods/status-writer.ts'
import { silentLog } from '../../src/operators/log.ts'
import { observed, pod as podOf, view } from './pod-views.ts'

const startOfTime = Date.parse('2026-01-01T00:00:00Z')

test('an agent that sees its own writes late does not write two times of one change in turn', async () => {
  /** What the API has, newest last, and what the agent has seen of it: one behind. */
  const versions: Pod[] = [{ ...podOf(), metadata: { ...podOf().metadata, resourceVersion: '1' } }]
  let writes = 0
  const patch = async (_resource: unknown, _name: string, { body }: { body: { status: PodStatus } }): Promise<Pod> => {
    writes++
    const before = versions.at(-1) as Pod
    const next = {
      ...before,
      metadata: { ...before.metadata, resourceVersion: String(versions.length + 1) },
      status: body.status,
    }
    versions.push(next)
    return next
  }
  const client = { patch } as unknown as Client
  const writer = createStatusWriter(client, systemClock, silentLog, new AbortController().signal)
  for (let second = 0; second < 20; second++) {
    const seen = versions.at(Math.max(-2, -versions.length)) as Pod
    const containers = [observed('sb', { role: 'sandbox' }), observed('web')]
    const status = statusOf(view(writer.current(seen), containers), { hostIps: ['10.0.0.1'] }, startOfTime + second * 1000)
    writer.put(seen, status)
    await writer.written()
  }
  assert.is(writes, 1)
})

test.run()
