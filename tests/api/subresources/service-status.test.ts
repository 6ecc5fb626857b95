import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sending } from '../sending.ts'

const send = await sending()
const services = '/api/v1/namespaces/default/services'
const body = (name: string) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ port: 80 }] } })

test('a status of a Service that is not there creates it, without an address: what allocates is not behind that endpoint', async () => {
  for (const [name, write] of [
    ['put', () => send('PUT', `${services}/put/status`, body('put'))],
    ['applied', () => send('PATCH', `${services}/applied/status?fieldManager=a`, body('applied'), 'apply')],
  ] as const) {
    const { status, json } = await write()
    assert.is(status, 201, JSON.stringify(json))
    assert.equal(json.spec, {
      ports: [{ protocol: 'TCP', port: 80, targetPort: 80 }],
      type: 'ClusterIP',
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
    })
    assert.is(json.metadata.managedFields, undefined)
    const labelled = { ...json, metadata: { ...json.metadata, labels: { a: 'b' } } }
    assert.is((await send('PUT', `${services}/${name}`, labelled)).json.spec.clusterIP, undefined)
  }
})

test('a status of anything else that is not there is not found', async () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  assert.is((await send('PUT', '/api/v1/namespaces/default/pods/p/status', pod)).status, 404)
})

test('an address stands where Go writes it', async () => {
  const { json } = await send('POST', services, body('made'))
  assert.is(Object.keys(json.spec).slice(0, 4).join(), 'ports,clusterIP,clusterIPs,type')
})

test.run()
