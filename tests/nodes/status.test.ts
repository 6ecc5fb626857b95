import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Pod } from '../../src/apimachinery/kinds.generated.ts'
import { statusOf } from '../../src/nodes/pods/status.ts'
import { container, observed, pod, view } from './pod-views.ts'

const now = Date.parse('2026-01-01T00:10:00Z')
const node = { hostIps: ['192.0.2.1'] }
const sandbox = observed('POD', { id: 'sb', role: 'sandbox' })
const healthy = new Map([['web', { started: true, ready: true }]])
const of = (...args: Parameters<typeof view>) => statusOf(view(...args), node, now)
const condition = (status: ReturnType<typeof of>, type: string) => status.conditions?.find((c) => c.type === type)
const exited = (name: string, exitCode: number, more = {}) =>
  observed(name, { state: 'exited', exitCode, createdAt: now - 5000, startedAt: now - 4000, finishedAt: now - 1000, ...more })

test('a pod that runs is Running and Ready, with its addresses', () => {
  const s = of(pod(), [sandbox, observed('web')], { health: healthy })
  assert.is(s.phase, 'Running')
  assert.is(s.podIP, '10.42.0.5')
  assert.equal(s.hostIPs, [{ ip: '192.0.2.1' }])
  for (const type of ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'])
    assert.is(condition(s, type)?.status, 'True', type)
  assert.is(s.containerStatuses?.[0]?.started, true)
})

test('a pod without its containers yet is Pending, and says for what it waits', () => {
  const s = of(pod(), [])
  assert.is(s.phase, 'Pending')
  assert.equal(s.containerStatuses?.[0]?.state, { waiting: { reason: 'ContainerCreating' } })
  assert.is(condition(s, 'Ready')?.message, 'containers with unready status: [web]')
  assert.is(condition(s, 'PodReadyToStartContainers')?.status, 'False')
})

test('while init containers run, the rest is PodInitializing and the pod not initialized', () => {
  const p = pod({ initContainers: [container('i')] })
  const s = of(p, [sandbox, observed('i', { role: 'init' })])
  assert.equal(s.containerStatuses?.[0]?.state, { waiting: { reason: 'PodInitializing' } })
  assert.is(condition(s, 'Initialized')?.message, 'containers with incomplete status: [i]')
  assert.is(s.phase, 'Pending')
})

test('an end is told by its reason', () => {
  const reason = (more: object) =>
    of(pod({ restartPolicy: 'Never' }), [exited('web', 1, more)]).containerStatuses?.[0]?.state?.terminated?.reason
  assert.is(reason({}), 'Error')
  assert.is(reason({ exitCode: 0 }), 'Completed')
  assert.is(reason({ oomKilled: true, exitCode: 137 }), 'OOMKilled')
  assert.is(reason({ startError: 'no such file', exitCode: 128 }), 'StartError')
})

test('a back-off is CrashLoopBackOff, with the end as last state', () => {
  const s = of(pod(), [sandbox, exited('web', 1, { backoffSeconds: 80, attempt: 4 })])
  const status = s.containerStatuses?.[0]
  assert.is(status?.state?.waiting?.message, 'back-off 1m20s restarting failed container=web pod=p_default(u)')
  assert.is(status?.lastState?.terminated?.exitCode, 1)
  assert.is(status?.restartCount, 4)
  assert.is(s.phase, 'Running')
})

test('a pod has succeeded or failed only once nothing of it runs', () => {
  const p = pod({ restartPolicy: 'Never', containers: [container('a'), container('b')] })
  assert.is(of(p, [sandbox, exited('a', 0), observed('b')]).phase, 'Running')
  assert.is(of(p, [exited('a', 0), exited('b', 0)]).phase, 'Succeeded')
  assert.is(of(p, [exited('a', 0), exited('b', 2)]).phase, 'Failed')
  const sidecar = pod({ restartPolicy: 'Never', initContainers: [container('s', { restartPolicy: 'Always' })] })
  assert.is(of(sidecar, [sandbox, exited('web', 0), observed('s', { role: 'init' })]).phase, 'Running')
})

test('readiness gates hold the pod back, not its containers', () => {
  const p = pod({ readinessGates: [{ conditionType: 'x/y' }] })
  const s = of(p, [sandbox, observed('web')], { health: healthy })
  assert.is(condition(s, 'ContainersReady')?.status, 'True')
  assert.is(condition(s, 'Ready')?.message, 'corresponding condition of pod readiness gate "x/y" does not exist.')
})

test('a condition that stays keeps the time of its transition', () => {
  const before: Pod['status'] = { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2025-01-01T00:00:00Z' }] }
  const s = of(pod({}, before), [sandbox, observed('web')], { health: healthy })
  assert.is(condition(s, 'Ready')?.lastTransitionTime, '2025-01-01T00:00:00Z')
  assert.is(condition(s, 'ContainersReady')?.lastTransitionTime, '2026-01-01T00:10:00Z')
})

test('the quality of service follows requests and limits', () => {
  const qos = (resources: object) => of(pod({ containers: [container('web', { resources })] }), []).qosClass
  assert.is(qos({}), 'BestEffort')
  assert.is(qos({ requests: { cpu: '1' } }), 'Burstable')
  assert.is(qos({ limits: { cpu: '1', memory: '1Gi' } }), 'Guaranteed')
  assert.is(qos({ limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } }), 'Burstable')
})

test.run()
