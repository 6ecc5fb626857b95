import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sending } from '../sending.ts'

const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
const scale = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' }
const version = {
  name: 'v1',
  served: true,
  storage: true,
  subresources: { status: {}, scale },
  schema: { openAPIV3Schema: { type: 'object', properties: { spec: open, status: open } } },
}
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'ws.e.com' },
  spec: { group: 'e.com', scope: 'Namespaced', names: { plural: 'ws', kind: 'W' }, versions: [version] },
}
const w = (metadata: object, more: object = {}) => ({
  apiVersion: 'e.com/v1',
  kind: 'W',
  metadata: { name: 'x', ...metadata },
  ...more,
})

async function served() {
  const send = await sending()
  await send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition)
  const place = '/apis/e.com/v1/namespaces/default/ws'
  while ((await send('GET', place)).status !== 200) await new Promise(setImmediate)
  return (method: string, rest: string, body: object, type?: 'merge' | 'apply') => send(method, place + rest, body, type)
}

test('the status endpoint of a custom kind changes nothing of metadata', async () => {
  const ask = await served()
  await ask('POST', '', w({ labels: { a: 'b' } }, { spec: { replicas: 1 } }))
  const change = { metadata: { labels: { c: 'd' }, finalizers: ['a.b/c'] }, status: { replicas: 2 } }
  const { metadata, status } = (await ask('PATCH', '/x/status', change, 'merge')).json
  assert.equal(metadata.labels, { a: 'b' })
  assert.equal(metadata.finalizers, undefined)
  assert.equal(status, { replicas: 2 })
})

test('an update that names another kind is told of its preconditions first, and a patch that takes the version away is an error of the server', async () => {
  const ask = await served()
  await ask('POST', '', w({}, { spec: {} }))
  const wrong = { ...w({}), kind: 'Z' }
  assert.match(
    (await ask('PUT', '/x', wrong)).message,
    'metadata.resourceVersion: Invalid value: 0: must be specified for an update',
  )
  assert.is((await ask('PUT', '/none', { ...wrong, metadata: { name: 'none' } })).message, 'ws.e.com "none" not found')
  assert.match((await ask('POST', '', wrong)).message, 'kind: Invalid value: "Z": must be W')
  assert.match((await ask('PATCH', '/x', { apiVersion: null }, 'merge')).message, "Object 'apiVersion' is missing")
})

test('the Scale of a custom object that nobody owns anything of cannot be applied', async () => {
  const ask = await served()
  await ask('POST', '', w({}, { spec: {} }))
  const asked = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'x' }, spec: { replicas: 3 } }
  const { message } = await ask('PATCH', '/x/scale?fieldManager=m', asked, 'apply')
  assert.match(message, 'request to convert CR to an invalid group/version: autoscaling/v1')
})

test.run()
