// The short form of scripts/soak-operators.ts: minutes of faults, in virtual time.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sleep } from '../../src/apimachinery/clock.ts'
import type { Operator } from '../../src/operators/operator.ts'
import type { FaultSettings } from '../../src/testkit/faults.ts'
import { type SoakPlan, soak } from '../../src/testkit/soak.ts'
import { startTestServer } from '../../src/testkit/start.ts'
import { plan as batch } from './soaks/batch.ts'
import { plan as database } from './soaks/database.ts'
import { plan as plain } from './soaks/plain.ts'
import { plan as website } from './soaks/website.ts'

/** The same sequence each time: a failure can be looked into. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

interface Case {
  readonly faults: FaultSettings
  readonly restartEveryMs: number
  /** How long a restart takes. */
  readonly restartMs?: number
}

const everything = 'a restart every 2 s, conflicts on every second write and events 30 s late'

const cases: Record<string, Case> = {
  'conflicts on every second write': { faults: { conflicts: 2 }, restartEveryMs: 25_000 },
  'watch events 30 s late': { faults: { eventDelay: '30s' }, restartEveryMs: 40_000 },
  'lost requests and lost answers': { faults: { lostRequests: 5, lostAnswers: 3 }, restartEveryMs: 25_000 },
  [everything]: {
    faults: { conflicts: 2, eventDelay: '30s' },
    restartEveryMs: 2000,
  },
}

async function soaked(plan: SoakPlan, { faults, restartEveryMs, restartMs = 0 }: Case) {
  const server = await startTestServer({ crds: plan.crds, clock: 'virtual' })
  server.faults.set(faults)
  const restart = async () => {
    await sleep(server.clock, restartMs)
    await server.restart()
  }
  const target = { ...server, restart, random: seeded(7), run: (operator: Operator) => server.run(operator) }
  const work = soak(target, { ...plan, objects: 8, durationMs: 60_000, restartEveryMs, settleMs: 300_000 })
  const ended = () => Promise.race([work, new Promise<undefined>((r) => setImmediate(r, undefined))])
  const report = await server.eventually(ended, { within: '1h' })
  assert.equal(report.problems, [], server.recorder.timeline(40))
  assert.ok(report.changed > 20 && report.deleted > 5, JSON.stringify(report))
  await server.stop()
  return report
}

for (const [name, faults] of Object.entries(cases))
  test(`${name}: no child twice, no finalizer lost, all in order afterwards`, () => soaked(plain, faults).then(() => {}))

for (const [name, plan] of Object.entries({ batch, database, website }))
  test(`${name} holds against ${everything}`, () => soaked(plan, cases[everything] as Case).then(() => {}))

test('the server ends every 2 s, however long it takes to be back', async () => {
  const { restarts } = await soaked(plain, { faults: {}, restartEveryMs: 2000, restartMs: 700 })
  assert.is(restarts, 29)
})

test('of a server that is not back after 2 s, the end that falls in between is left out', async () => {
  const { restarts } = await soaked(plain, { faults: {}, restartEveryMs: 2000, restartMs: 2500 })
  assert.is(restarts, 15)
})

test.run()
