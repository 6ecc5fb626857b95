import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AnyContainer } from '../../../src/nodes/pods/view.ts'
import { type ProberOptions, startProber } from '../../../src/nodes/probes/prober.ts'
import { createVirtualClock } from '../../../src/testkit/virtual-clock.ts'

const seconds = { periodSeconds: 10, failureThreshold: 2 }

/** A prober of a container with all three probes, whose checks pass but for those that `failing` names. */
function make(failing: Set<string>, more: Partial<ProberOptions> = {}) {
  const clock = createVirtualClock()
  const seen = { asked: [] as string[], changes: 0, failures: [] as string[] }
  const probe = (name: string) => ({ ...seconds, exec: { command: [name] } })
  const container = {
    name: 'app',
    startupProbe: probe('startup'),
    livenessProbe: { ...probe('liveness'), terminationGracePeriodSeconds: 7 },
    readinessProbe: probe('readiness'),
  } as AnyContainer
  const prober = startProber({
    container,
    startedAt: clock.now(),
    initial: undefined,
    clock,
    random: () => 0.5,
    check: async ({ exec }) => {
      const name = exec?.command?.[0] ?? ''
      seen.asked.push(name)
      return { ok: !failing.has(name), output: name }
    },
    onChange: () => seen.changes++,
    onFailure: (type) => seen.failures.push(type),
    ...more,
  })
  return { clock, prober, seen, failing }
}

test('liveness and readiness are asked once the startup probe has passed', async () => {
  const { clock, prober, seen, failing } = make(new Set(['startup']))
  await clock.advance(0)
  assert.equal(prober.health(), { started: false, ready: false })
  failing.clear()
  await clock.advance(10_000)
  assert.equal(prober.health(), { started: true, ready: true })
  assert.equal(seen.asked, ['startup', 'startup', 'liveness', 'readiness'])
  assert.equal(seen.failures, ['Startup'])
})

test('a container is unhealthy after as many failures as its liveness probe allows, and is not asked again but for readiness', async () => {
  const { clock, prober, seen } = make(new Set(['liveness']))
  await clock.advance(0)
  assert.is(prober.health().unhealthy, undefined)
  await clock.advance(10_000)
  assert.equal(prober.health().unhealthy, { probe: 'Liveness', graceSeconds: 7 })
  seen.asked.length = 0
  await clock.advance(30_000)
  assert.equal(new Set(seen.asked), new Set(['readiness']))
})

test('a pod that is ending is asked for its readiness alone, and one that has ended for nothing', async () => {
  const { clock, prober, seen } = make(new Set())
  await clock.advance(0)
  prober.stopKilling()
  seen.asked.length = 0
  await clock.advance(10_000)
  assert.equal(seen.asked, ['readiness'])
  prober.stop()
  await clock.advance(60_000)
  assert.equal(seen.asked, ['readiness'])
})

test('after a restart of the agent what was known holds, and probes are spread over their period', async () => {
  const { clock, prober, seen } = make(new Set(), { initial: { started: true, ready: true } })
  assert.equal(prober.health(), { started: true, ready: true })
  await clock.advance(4999)
  assert.equal(seen.asked, [])
  await clock.advance(1)
  assert.equal(seen.asked, ['liveness', 'readiness'])
})

test.run()
