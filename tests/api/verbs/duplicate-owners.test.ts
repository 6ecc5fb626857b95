import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../../src/apimachinery/clock.ts'
import { createMemoryStore } from '../../../src/store/memory/memory-store.ts'
import { memoryApi } from '../../../src/testkit/api.ts'
import { admin } from '../test-api.ts'

const api = await memoryApi({ store: createMemoryStore(), clock: systemClock, roles: false })
const maps = '/api/v1/namespaces/default/configmaps'
const [uid, other] = ['11111111-1111-1111-1111-111111111111', '22222222-2222-2222-2222-222222222222']
const owner = (uid: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid })
const twice = [owner(uid), owner(other), owner(uid), owner(other)]

async function send(method: string, path: string, type: string, body: object) {
  const {
    status,
    headers,
    body: answer,
  } = await api.handle({
    method,
    path,
    query: new URLSearchParams(type.includes('apply') ? 'fieldManager=f' : ''),
    headers: { 'content-type': type },
    user: admin,
    signal: new AbortController().signal,
    body: Buffer.from(JSON.stringify(body)),
  })
  const bytes = 'chunks' in answer ? Buffer.concat(answer.chunks) : 'bytes' in answer ? answer.bytes : Buffer.from('{}')
  return { status, warning: String(headers.warning ?? ''), json: JSON.parse(Buffer.from(bytes).toString()) }
}

const told = (when: string) =>
  `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${uid}, ${other}`
const after = ' after mutating admission happens'

test('owners that are there twice count once; new objects, updates and patches of every endpoint are told so', async () => {
  const pods = '/api/v1/namespaces/default/pods'
  const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }], serviceAccountName: 'default' } }
  await send('POST', '/api/v1/namespaces/default/serviceaccounts', 'application/json', { metadata: { name: 'default' } })
  const made = await send('POST', pods, 'application/json', pod)
  assert.is(made.status, 201, JSON.stringify(made.json))
  const merge = 'application/merge-patch+json'
  const cases = [
    await send('POST', maps, 'application/json', { metadata: { name: 'a', ownerReferences: twice } }),
    await send('PUT', `${maps}/a`, 'application/json', { metadata: { name: 'a', ownerReferences: twice } }),
    await send('PATCH', `${maps}/a`, merge, { metadata: { ownerReferences: twice } }),
    await send('PUT', `${pods}/p/status`, 'application/json', {
      ...made.json,
      metadata: { ...made.json.metadata, ownerReferences: twice },
    }),
    await send('PATCH', `${pods}/p/status`, merge, { metadata: { ownerReferences: twice } }),
  ]
  const wanted = ['', '', after, '', after]
  for (const [i, { warning, status }] of cases.entries()) {
    assert.ok(status < 300, String(i))
    assert.ok(warning.includes(told(wanted[i] as string)), `${i}: ${warning}`)
  }
  assert.equal(cases[2]?.json.metadata.ownerReferences, [owner(uid), owner(other)])
})

test('the status of a FlowSchema keeps all metadata', async () => {
  const path = '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas'
  const spec = { priorityLevelConfiguration: { name: 'exempt' } }
  const { json } = await send('POST', path, 'application/json', { metadata: { name: 'f' }, spec })
  const metadata = {
    ...json.metadata,
    deletionGracePeriodSeconds: 5,
    creationTimestamp: '2020-01-01T00:00:00Z',
    labels: { a: 'b' },
  }
  const { status, json: now } = await send('PUT', `${path}/f/status`, 'application/json', { ...json, metadata })
  assert.is(status, 200, now.message)
  assert.is(now.metadata.creationTimestamp, json.metadata.creationTimestamp)
  assert.is(now.metadata.labels, undefined)
})

test.run()
