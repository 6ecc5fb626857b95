import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Container, Pod } from '../../src/apimachinery/kinds.generated.ts'
import { type Action, decide } from '../../src/nodes/pods/decide.ts'
import { container, observed, pod, view } from './pod-views.ts'

const kinds = (actions: readonly Action[]): string[] =>
  actions.map((a) =>
    a.kind === 'start'
      ? `start ${a.container.name}#${a.attempt}`
      : a.kind === 'terminate' || a.kind === 'remove'
        ? `${a.kind} ${a.id}`
        : a.kind,
  )
const now = 1_000_000_000
const sandbox = observed('POD', { id: 'sb', role: 'sandbox' })
const running = (name: string, more = {}) => observed(name, { state: 'running', ...more })
const exited = (name: string, exitCode: number, more = {}) =>
  observed(name, { state: 'exited', exitCode, createdAt: now - 20_000, finishedAt: now - 10_000, ...more })
const withInit = (init: Partial<Container>[], more: Partial<Pod['spec']> = {}): Pod =>
  pod({ initContainers: init.map((c) => container(c.name ?? 'init', c)), ...more })

test('a new pod gets volumes and sandbox side by side', () => {
  assert.equal(kinds(decide(view(pod(), [], { volumes: 'unknown' }), now)), ['prepareVolumes', 'createSandbox'])
})

test('what is in flight is not asked for again', () => {
  const v = view(pod(), [], { volumes: 'unknown', inFlight: new Set(['volumes', 'sandbox']) })
  assert.equal(decide(v, now), [])
})

test('containers wait for the volumes', () => {
  assert.equal(kinds(decide(view(pod(), [sandbox], { volumes: 'unknown', inFlight: new Set(['volumes']) }), now)), [])
})

test('containers start in the order of the spec, each after the start of the one before', () => {
  const two = pod({ containers: [container('a'), container('b')] })
  assert.equal(kinds(decide(view(two, [sandbox]), now)), ['start a#0'])
  assert.equal(kinds(decide(view(two, [sandbox], { inFlight: new Set(['start:a']) }), now)), [])
  assert.equal(kinds(decide(view(two, [sandbox, running('a')]), now)), ['start b#0'])
})

test('a container that waits for its image does not hold up the next', () => {
  const two = pod({ containers: [container('a'), container('b')] })
  const waiting = new Map([['a', { reason: 'ImagePullBackOff', message: '', retryAt: now + 5000, failures: 1 }]])
  assert.equal(
    decide(view(two, [sandbox], { waiting }), now).map((a) => a.kind),
    ['wake', 'start'],
  )
})

test('init containers run one by one before the rest', () => {
  const p = withInit([{ name: 'i1' }, { name: 'i2' }])
  assert.equal(kinds(decide(view(p, [sandbox]), now)), ['start i1#0'])
  assert.equal(kinds(decide(view(p, [sandbox, running('i1', { role: 'init' })]), now)), [])
  assert.equal(kinds(decide(view(p, [sandbox, exited('i1', 0, { role: 'init' })]), now)), ['start i2#0'])
  const both = [exited('i1', 0, { role: 'init' }), exited('i2', 0, { role: 'init' })]
  assert.equal(kinds(decide(view(p, [sandbox, ...both]), now)), ['start web#0'])
})

test('a failed init container is tried again, or ends the pod that never restarts', () => {
  const failed = exited('i1', 1, { role: 'init' })
  assert.equal(kinds(decide(view(withInit([{ name: 'i1' }]), [sandbox, failed]), now)), ['start i1#1'])
  const never = withInit([{ name: 'i1' }], { restartPolicy: 'Never' })
  assert.equal(kinds(decide(view(never, [sandbox, failed]), now)), ['remove sb'])
})

test('a sidecar must have started before the next container, and is restarted whenever it ends', () => {
  const p = withInit([{ name: 'side', restartPolicy: 'Always' }], { restartPolicy: 'Never' })
  const side = running('side', { id: 's1', role: 'init' })
  assert.equal(kinds(decide(view(p, [sandbox, side], { health: new Map() }), now)), [])
  const health = new Map([['s1', { started: true, ready: false }]])
  assert.equal(kinds(decide(view(p, [sandbox, side], { health }), now)), ['start web#0'])
  const ended = exited('side', 0, { role: 'init' })
  assert.equal(kinds(decide(view(p, [sandbox, ended, running('web')]), now)), ['start side#1'])
})

test('restart policies decide what happens after an end', () => {
  const cases: ['Always' | 'OnFailure' | 'Never', number, string][] = [
    ['Always', 0, 'start web#1'],
    ['Always', 1, 'start web#1'],
    ['OnFailure', 1, 'start web#1'],
    ['OnFailure', 0, 'remove sb'],
    ['Never', 1, 'remove sb'],
  ]
  for (const [restartPolicy, code, expected] of cases)
    assert.equal(kinds(decide(view(pod({ restartPolicy }), [sandbox, exited('web', code)]), now)), [expected])
})

test('the back-off begins after the second end, doubles up to five minutes, and is over after ten minutes of life', () => {
  const after = (backoffSeconds: number, lived = 10_000) =>
    decide(view(pod(), [sandbox, exited('web', 1, { backoffSeconds, createdAt: now - lived, finishedAt: now })]), now)
  const [first] = after(0)
  assert.is(first?.kind === 'start' && first.backoffSeconds, 10)
  assert.equal(after(10), [{ kind: 'wake', at: now + 10_000 }])
  assert.equal(after(300), [{ kind: 'wake', at: now + 300_000 }])
  const [later] = decide(view(pod(), [sandbox, exited('web', 1, { backoffSeconds: 160 })]), now + 160_000)
  assert.is(later?.kind === 'start' && later.backoffSeconds, 300)
  const [reset] = after(300, 11 * 60_000)
  assert.is(reset?.kind === 'start' && reset.backoffSeconds, 10)
})

test('a running container whose image changed is ended, to be replaced', () => {
  const actions = decide(
    view(pod({ containers: [container('web', { image: 'other:2' })] }), [sandbox, running('web', { id: 'w' })]),
    now,
  )
  assert.equal(kinds(actions), ['terminate w'])
  assert.match(actions[0]?.kind === 'terminate' ? actions[0].message : '', /definition changed/)
})

test('an unhealthy container is ended with the grace of its probe', () => {
  const health = new Map([['w', { started: true, ready: true, unhealthy: { probe: 'Liveness' as const, graceSeconds: 3 } }]])
  const [action] = decide(view(pod(), [sandbox, running('web', { id: 'w' })], { health }), now)
  assert.equal(action, {
    kind: 'terminate',
    id: 'w',
    graceSeconds: 3,
    message: 'Container web failed liveness probe, will be restarted',
  })
})

test('without its sandbox a container ends before a new sandbox is made', () => {
  const dead = observed('POD', { id: 'sb', role: 'sandbox', state: 'exited' })
  assert.equal(kinds(decide(view(pod(), [dead, running('web', { id: 'w' })]), now)), ['remove sb', 'terminate w'])
  assert.equal(kinds(decide(view(pod(), [dead, exited('web', 137)]), now)), ['remove sb', 'createSandbox'])
})

test('after a new sandbox the init containers run again', () => {
  const fresh = observed('POD', { id: 'sb2', role: 'sandbox', attempt: 1 })
  const past = [exited('i1', 0, { role: 'init' }), exited('web', 137)]
  assert.equal(kinds(decide(view(withInit([{ name: 'i1' }]), [fresh, ...past]), now)), ['start i1#1'])
})

test('a pod that ended without restart gets no new sandbox', () => {
  const p = pod({ restartPolicy: 'Never' })
  assert.equal(kinds(decide(view(p, [exited('web', 0)], { volumes: 'gone' }), now)), [])
})

test('a deleted pod ends its containers, then sidecars last first, then all the rest, then its object', () => {
  const p = withInit([
    { name: 's1', restartPolicy: 'Always' },
    { name: 's2', restartPolicy: 'Always' },
  ])
  const gone = { ...p, metadata: { ...p.metadata, deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 7 } }
  const sides = [running('s1', { id: 's1', role: 'init' }), running('s2', { id: 's2', role: 'init' })]
  const first = decide(view(gone, [sandbox, ...sides, running('web', { id: 'w' })]), now)
  assert.equal(first, [{ kind: 'terminate', id: 'w', graceSeconds: 7, message: 'Stopping container web' }])
  assert.equal(kinds(decide(view(gone, [sandbox, ...sides, exited('web', 0, { id: 'w' })]), now)), ['terminate s2'])
  const dead = exited('web', 0, { id: 'w' })
  assert.equal(kinds(decide(view(gone, [sandbox, dead]), now)), ['remove sb', 'remove w'])
  assert.equal(kinds(decide(view(gone, []), now)), ['teardown'])
  assert.equal(kinds(decide(view(gone, [], { volumes: 'gone' }), now)), ['deleteObject'])
})

test('nothing is removed while a start is under way', () => {
  const gone = { ...pod(), metadata: { ...pod().metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }
  assert.equal(decide(view(gone, [sandbox], { inFlight: new Set(['start:web']) }), now), [])
})

test('containers whose object is gone are removed, and no object is deleted', () => {
  const orphan: Pod = { metadata: { name: 'x', namespace: 'default', uid: 'u' } }
  const [action] = decide({ ...view(orphan, [sandbox, running('web', { id: 'w' })]), removed: true }, now)
  assert.is(action?.kind === 'terminate' && action.graceSeconds, 2)
  assert.equal(decide({ ...view(orphan, [], { volumes: 'gone' }), removed: true }, now), [])
})

test('a pod past its deadline fails, and is woken at it', () => {
  const p = pod({ activeDeadlineSeconds: 60 }, { startTime: new Date(now - 30_000).toISOString() })
  assert.equal(decide(view(p, [sandbox, running('web')]), now), [{ kind: 'wake', at: now + 30_000 }])
  const [action] = decide(view(p, [sandbox, running('web')]), now + 30_000)
  assert.is(action?.kind === 'fail' && action.reason, 'DeadlineExceeded')
})

test('the last dead container stays for its log, older ones go', () => {
  const attempts = [0, 1, 2].map((attempt) => exited('web', 1, { id: `w${attempt}`, attempt }))
  const actions = decide(view(pod(), [sandbox, ...attempts, running('web', { id: 'w3', attempt: 3 })]), now)
  assert.equal(kinds(actions), ['remove w0', 'remove w1'])
})

test('a container that a crash left created but not started is removed first', () => {
  const created = observed('web', { id: 'w', state: 'created' })
  assert.equal(kinds(decide(view(pod(), [sandbox, created]), now)), ['remove w'])
})

test('changed limits are given to the running container, or it restarts when its policy says so', () => {
  const resources = { limits: { cpu: '500m', memory: '1Mi' } }
  const [action] = decide(view(pod({ containers: [container('web', { resources })] }), [sandbox, running('web')]), now)
  assert.equal(action, {
    kind: 'resize',
    id: 'web',
    name: 'web',
    limits: { cpuShares: 512, cpuQuota: 50_000, memory: 1_048_576 },
  })
  const resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }]
  const [restart] = decide(
    view(pod({ containers: [container('web', { resources, resizePolicy })] }), [sandbox, running('web')]),
    now,
  )
  assert.is(restart?.kind, 'terminate')
})

test('an ephemeral container starts once, whatever the others do', () => {
  const p = pod({ ephemeralContainers: [container('debug')] })
  assert.equal(kinds(decide(view(p, [sandbox, running('web')]), now)), ['start debug#0'])
  assert.equal(kinds(decide(view(p, [sandbox, running('web'), exited('debug', 1, { role: 'ephemeral' })]), now)), [])
})

test.run()
