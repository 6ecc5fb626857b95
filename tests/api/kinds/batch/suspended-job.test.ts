import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sending } from '../../sending.ts'

// What kube-apiserver 1.36.3 lets change, and what not.
const send = await sending()
const jobs = '/apis/batch/v1/namespaces/default/jobs'
await send('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } })

async function job(name: string, suspend: boolean): Promise<string> {
  const containers = [{ name: 'c', image: 'i', resources: { requests: { cpu: '1' } } }]
  const template = { metadata: { labels: { x: 'y' } }, spec: { restartPolicy: 'Never', containers } }
  const { status, message } = await send('POST', jobs, { metadata: { name }, spec: { suspend, template } })
  assert.is(status, 201, message)
  return `${jobs}/${name}`
}
const change = async (at: string, spec: object, metadata: object = {}) =>
  send('PATCH', at, { spec: { template: { metadata, spec } } }, 'merge')

const terms = { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }] }
const nodeAffinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } }
const podAffinity = {
  podAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 't', labelSelector: { matchLabels: { a: 'b' } } }],
  },
}
const directives: readonly object[] = [
  { nodeSelector: { a: 'b' } },
  { affinity: nodeAffinity },
  { affinity: null },
  { affinity: {} },
  { tolerations: [{ key: 'k', operator: 'Exists' }] },
  { schedulingGates: [{ name: 'g' }] },
]
const others: readonly object[] = [
  { affinity: podAffinity },
  { priorityClassName: 'other' },
  { schedulerName: 'x' },
  { restartPolicy: 'OnFailure' },
  { nodeName: 'n' },
  { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 't', whenUnsatisfiable: 'DoNotSchedule' }] },
  { containers: [{ name: 'c', image: 'j', resources: { requests: { cpu: '1' } } }] },
]
const resources = { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '2' } } }] }

test('a suspended Job that has not begun takes another node affinity and the other scheduling directives, labels and resources', async () => {
  const at = await job('a', true)
  for (const spec of directives) {
    const { status, message } = await change(at, spec)
    assert.is(status, 200, `${JSON.stringify(spec)} ${message}`)
  }
  assert.is((await change(at, {}, { labels: { n: 'm' }, annotations: { n: 'm' } })).status, 200)
  assert.is((await change(at, resources)).status, 200)
})

test('of a suspended Job nothing else of the template changes, and no affinity but that to nodes', async () => {
  const at = await job('b', true)
  for (const spec of others) {
    const { status, message } = await change(at, spec)
    assert.is(status, 422, JSON.stringify(spec))
    assert.match(message, /^Job\.batch "b" is invalid: spec\.template.*field is immutable/)
  }
})

test('a Job that is not suspended keeps its template', async () => {
  const at = await job('c', false)
  for (const spec of directives.filter((d) => (d as { affinity?: unknown }).affinity !== null)) {
    const { status, message } = await change(at, spec)
    assert.is(status, 422, JSON.stringify(spec))
    assert.match(message, /^Job\.batch "c" is invalid: spec\.template: Invalid value: .*field is immutable/)
  }
  assert.is((await change(at, {}, { labels: { n: 'm' } })).status, 422)
})

test('what begins along with the change may still be changed by it', async () => {
  const at = await job('d', true)
  const both = { spec: { suspend: false, template: { spec: { affinity: nodeAffinity } } } }
  assert.is((await send('PATCH', at, both, 'merge')).status, 200)
  assert.is((await change(at, { nodeSelector: { a: 'b' } })).status, 422)
})

test('a Job that has begun keeps its template, suspended or not; one that was suspended before it began does not', async () => {
  const begun = await job('e', true)
  const started = { status: { startTime: '2026-01-01T00:00:00Z' } }
  assert.is((await send('PATCH', `${begun}/status`, started, 'merge')).status, 200)
  assert.is((await change(begun, { nodeSelector: { a: 'b' } })).status, 422)
  const paused = await job('f', false)
  assert.is((await send('PATCH', paused, { spec: { suspend: true } }, 'merge')).status, 200)
  assert.is((await change(paused, { affinity: nodeAffinity })).status, 200)
})

test.run()
