import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sending } from '../sending.ts'

const send = await sending()
const services = '/apis/apiregistration.k8s.io/v1/apiservices'

test('the status of an APIService changes no labels, annotations, finalizers and owners', async () => {
  const spec = { group: 'x.y', version: 'v1', groupPriorityMinimum: 10, versionPriority: 10 }
  const made = await send('POST', services, { metadata: { name: 'v1.x.y', labels: { a: 'b' } }, spec })
  assert.is(made.status, 201, made.message)
  const metadata = { labels: { c: 'd' }, annotations: { c: 'd' }, finalizers: ['a.b/c'] }
  const conditions = [{ type: 'Mine', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z', reason: 'R', message: 'm' }]
  const { status, json } = await send('PATCH', `${services}/v1.x.y/status`, { metadata, status: { conditions } }, 'merge')
  assert.is(status, 200)
  assert.equal([json.metadata.labels, json.metadata.annotations, json.metadata.finalizers], [{ a: 'b' }, undefined, undefined])
  assert.equal(json.status.conditions, conditions)
})

test('labels that the server gives stand where Go writes them', async () => {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } }
  const { json } = await send('POST', '/apis/batch/v1/namespaces/default/jobs', { metadata: { name: 'j' }, spec: { template } })
  const keys = Object.keys(json.metadata)
  assert.is(keys.indexOf('labels'), keys.indexOf('creationTimestamp') + 1, keys.join())
  assert.is(keys.at(-1), 'managedFields')
})

test.run()
