// The short form of scripts/soak-operators.ts: minutes of faults, in virtual time.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Operator } from '../../src/operators/operator.ts'
import type { FaultSettings } from '../../src/testkit/faults.ts'
import { soak } from '../../src/testkit/soak.ts'
import { startTestServer } from '../../src/testkit/start.ts'
import { plan } from '../operators/database-soak.ts'

/** The same sequence each time: a failure can be looked into. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const cases: Record<string, { faults: FaultSettings; restartEveryMs: number }> = {
  'conflicts on every second write': { faults: { conflicts: 2 }, restartEveryMs: 25_000 },
  'watch events 30 s late': { faults: { eventDelay: '30s' }, restartEveryMs: 40_000 },
  'lost requests and lost answers': { faults: { lostRequests: 5, lostAnswers: 3 }, restartEveryMs: 25_000 },
  'a restart every 2 s, conflicts on every second write and events 30 s late': {
    faults: { conflicts: 2, eventDelay: '30s' },
    restartEveryMs: 2000,
  },
}

for (const [name, { faults, restartEveryMs }] of Object.entries(cases))
  test(`${name}: no child twice, no finalizer lost, all in order afterwards`, async () => {
    const server = await startTestServer({ crds: plan.crds, clock: 'virtual' })
    server.faults.set(faults)
    const target = { ...server, random: seeded(7), run: (operator: Operator) => server.run(operator) }
    const work = soak(target, {
      ...plan,
      objects: 8,
      durationMs: 60_000,
      restartEveryMs,
      settleMs: 300_000,
    })
    const report = await server.eventually(
      () => Promise.race([work, new Promise<undefined>((r) => setImmediate(r, undefined))]),
      {
        within: '1h',
      },
    )
    assert.equal(report.problems, [], server.recorder.timeline(40))
    assert.ok(report.changed > 20 && report.deleted > 5, JSON.stringify(report))
    await server.stop()
  })

test.run()
