import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sending } from '../sending.ts'

// Every text is that of kube-apiserver 1.36.3.
const send = await sending()
const namespace = '/api/v1/namespaces/default'
const controllers = `${namespace}/replicationcontrollers`
const containers = [{ name: 'c', image: 'i' }]
const metadata = { name: 'x' }
await send('POST', `${namespace}/serviceaccounts`, { metadata: { name: 'default' } })
await send('POST', controllers, { metadata, spec: { template: { metadata: { labels: { a: 'b' } }, spec: { containers } } } })
const head = { apiVersion: 'autoscaling/v1', kind: 'Scale', spec: { replicas: 2 } }
const apply = (meta: object) =>
  send('PATCH', `${controllers}/x/scale?fieldManager=f&force=true`, { ...head, metadata: meta }, 'apply')

test('a patched or applied Scale is of the object of the path', async () => {
  const elsewhere = 'the namespace of the provided object does not match the namespace sent on the request'
  const merge = (meta: object) => send('PATCH', `${controllers}/x/scale`, { metadata: meta }, 'merge')
  assert.is((await merge({ namespace: 'o' })).message, elsewhere)
  assert.is((await apply({ name: 'x', namespace: 'o' })).message, elsewhere)
  assert.is((await apply({ name: 'y' })).message, 'the name of the object (y) does not match the name on the URL (x)')
  for (const refused of [await merge({ uid: 'z' }), await apply({ name: 'x', uid: 'z' })]) {
    assert.is(refused.status, 409)
    assert.is(refused.json.details.kind, 'replicationcontrollers/scale')
    assert.match(refused.message, /: Precondition failed: UID in precondition: z, UID in object meta: [-0-9a-f]{36}$/)
  }
  assert.is((await apply(metadata)).json.spec.replicas, 2)
})

test('a pod without resources of its own may get cpu and memory by a resize', async () => {
  const resources = { requests: { cpu: '1', memory: '1Mi' }, limits: { cpu: '2' } }
  await send('POST', `${namespace}/pods`, { metadata, spec: { containers: [{ name: 'c', image: 'i', resources }] } })
  const resize = (wanted: object) =>
    send('PATCH', `${namespace}/pods/x/resize?dryRun=All`, { spec: { resources: wanted } }, 'merge')
  assert.is((await resize({ requests: { cpu: '2' } })).status, 200)
  assert.is((await resize({ requests: { 'hugepages-2Mi': '2Mi' } })).status, 422)
})

test('a dry run of an apply that creates shows the version that was sent', async () => {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', resourceVersion: '5' } }
  const { status, json } = await send('PATCH', `${namespace}/configmaps/c?fieldManager=f&dryRun=All`, body, 'apply')
  assert.equal([status, json.metadata.resourceVersion], [201, '5'])
})

test.run()
