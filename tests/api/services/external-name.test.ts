import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sending } from '../sending.ts'

// Every answer is that of kube-apiserver 1.36.3.
const send = await sending()
const services = '/api/v1/namespaces/default/services'
const create = (name: string, spec: object = {}) =>
  send('POST', services, { metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } })
const merge = (name: string, spec: object) => send('PATCH', `${services}/${name}`, { spec }, 'merge')
const toExternal = { type: 'ExternalName', externalName: 'x.example.com' }
const forbidden = 'spec.clusterIPs: Forbidden: may not be set for ExternalName services'
const bare = { type: 'ExternalName', sessionAffinity: 'None', externalName: 'x.example.com' }
const withoutPorts = ({ json }: { json: { spec: { ports?: unknown } } }) => {
  const { ports: _, ...spec } = json.spec
  return spec
}

test('a Service that becomes an ExternalName lets its address go, and gets one again when it is none any more', async () => {
  const address = (await create('a')).json.spec.clusterIP
  assert.equal(withoutPorts(await merge('a', toExternal)), bare)
  assert.is((await create('b', { clusterIP: address })).status, 201, 'the address is free')
  const { clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy } = (await merge('a', { type: 'ClusterIP', externalName: null })).json
    .spec
  assert.match(clusterIP, /^10\.43\./)
  assert.equal([clusterIPs, ipFamilies, ipFamilyPolicy], [[clusterIP], ['IPv4'], 'SingleStack'])
})

test('another address, or None, cannot be asked for along with it', async () => {
  await create('c')
  for (const clusterIP of ['10.43.9.9', 'None']) {
    const { status, message } = await merge('c', { ...toExternal, clusterIP })
    assert.is(status, 422)
    assert.is(message, `Service "c" is invalid: ${forbidden}`)
  }
  assert.equal(withoutPorts(await merge('c', { ...toExternal, clusterIP: '', clusterIPs: null })), bare)
  assert.is((await merge('c', { type: 'ClusterIP', clusterIP: '10.43.77.7' })).json.spec.clusterIP, '10.43.77.7')
})

test('a new ExternalName takes neither addresses nor families', async () => {
  const refusals: [object, string][] = [
    [{ clusterIP: '10.43.9.8' }, forbidden],
    [{ clusterIP: 'None' }, forbidden],
    [{ clusterIPs: ['10.43.9.8'] }, forbidden],
    [
      { ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' },
      '[spec.ipFamilies: Forbidden: may not be set for ExternalName services, spec.ipFamilyPolicy: Forbidden: may not be set for ExternalName services]',
    ],
    [
      { externalTrafficPolicy: 'Local' },
      'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
    ],
  ]
  for (const [spec, problem] of refusals) {
    assert.is((await create('d', { ...toExternal, ...spec })).message, `Service "d" is invalid: ${problem}`)
  }
  assert.equal(withoutPorts(await create('d', { ...toExternal, internalTrafficPolicy: 'Local' })), bare)
})

test('node ports go with the type, and a load balancer keeps nothing of its own but what has to be taken off by hand', async () => {
  const { nodePort } = (await create('e', { type: 'NodePort' })).json.spec.ports[0]
  assert.ok(nodePort >= 30_000)
  const [port] = (await merge('e', toExternal)).json.spec.ports
  assert.is(port.nodePort, undefined)
  assert.is((await create('f', { type: 'NodePort', ports: [{ port: 1, nodePort }] })).status, 201, 'the port is free')
  await create('g', { type: 'LoadBalancer', externalTrafficPolicy: 'Local' })
  assert.equal(withoutPorts(await merge('g', toExternal)), bare)
  await create('h', { type: 'LoadBalancer', loadBalancerSourceRanges: ['1.0.0.0/8'] })
  assert.is(
    (await merge('h', toExternal)).message,
    'Service "h" is invalid: spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is \'LoadBalancer\'',
  )
})

test('an ExternalName without a name is none', async () => {
  await create('i')
  assert.is((await merge('i', { type: 'ExternalName' })).message, 'Service "i" is invalid: spec.externalName: Required value')
})

test.run()
