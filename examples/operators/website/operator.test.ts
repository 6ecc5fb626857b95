import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, test } from 'node:test'
import { startTestServer, type TestServer } from 'slipway/testkit'
import { selfSigned } from './certificate.ts'
import operator, { renewalOf, Website } from './operator.ts'

const at = { namespace: 'default' }
let server: TestServer
before(async () => {
  const controllers = [
    'deployment-controller',
    'replicaset-controller',
    'garbage-collector',
    'namespace-controller',
    'serviceaccount-controller',
  ]
  server = await startTestServer({ crds: [Website], controllers, nodes: ['node-1'] })
  await server.run(operator).started
})
after(() => server.stop())

const condition = async (name: string, type: string) =>
  (await server.get(Website, name))?.status?.conditions?.find((c) => c.type === type)
const isReady = async (name: string) => (await condition(name, 'Ready'))?.status === 'True'
const certificate = async (secret: string) => {
  const data = (await server.get('Secret', secret))?.data?.['tls.crt']
  return data ? Buffer.from(data, 'base64').toString() : undefined
}
const change = (name: string, spec: object) => server.client.patch(Website, name, { type: 'merge', body: { spec } }, at)

test('a website is served at its host with a certificate for it', async () => {
  await server.create(
    Website,
    Website.make({ name: 'shop', ...at }, { host: 'shop.example.com', pages: { 'index.html': 'hello' } }),
  )
  await server.eventually(() => isReady('shop'))
  const ingress = await server.get('Ingress', 'shop')
  assert.deepEqual(ingress?.spec?.tls, [{ hosts: ['shop.example.com'], secretName: 'shop-tls' }])
  const x509 = new X509Certificate((await certificate('shop-tls')) ?? '')
  assert.ok(x509.checkHost('shop.example.com') && !x509.checkHost('other.example.com'))
  assert.equal((await server.get(Website, 'shop'))?.status?.url, 'https://shop.example.com')
})

test('other pages are rolled out; the certificate stays', async () => {
  const before = await certificate('shop-tls')
  const pods = (await server.get('Deployment', 'shop'))?.spec?.template.metadata?.annotations
  await change('shop', { pages: { 'index.html': 'hello again' } })
  await server.eventually(async () => (await server.get('ConfigMap', 'shop'))?.data?.['index.html'] === 'hello again')
  const template = await server.eventually(async () => {
    const now = (await server.get('Deployment', 'shop'))?.spec?.template.metadata?.annotations
    return now?.['example.com/pages'] !== pods?.['example.com/pages'] && now
  })
  assert.ok(template)
  assert.equal(await certificate('shop-tls'), before)
})

test('a certificate is renewed when two thirds of its life are over', async () => {
  const first = await selfSigned('a.example.com', 0, 9_000_000)
  assert.equal(renewalOf(first.cert), 6_000_000)
  await server.create(
    Website,
    Website.make({ name: 'brief', ...at }, { host: 'brief.example.com', pages: {}, tls: { lifetime: '3s' } }),
  )
  const made = await server.eventually(() => certificate('brief-tls'))
  await server.eventually(async () => (await certificate('brief-tls')) !== made, { within: '20s' })
})

test('a certificate of somebody else is waited for and used; the one that was made goes', async () => {
  await change('shop', { tls: { secret: 'bought' } })
  await server.eventually(
    async () => (await condition('shop', 'Certificate'))?.message === 'Secret bought has no certificate yet',
  )
  await server.eventually(async () => (await certificate('shop-tls')) === undefined)
  const { cert, key } = await selfSigned('shop.example.com', Date.now(), 86_400_000)
  const data = { 'tls.crt': btoa(cert), 'tls.key': btoa(key) }
  await server.create('Secret', { metadata: { name: 'bought', ...at }, type: 'kubernetes.io/tls', data })
  await server.eventually(() => isReady('shop'))
})

test('a host that is no name is refused by the API', async () => {
  const wrong = Website.make({ name: 'wrong', ...at }, { host: 'a_b', pages: {} })
  await assert.rejects(server.create(Website, wrong), /spec\.host/)
})

test('everything goes with the website', async () => {
  await server.client.delete(Website, 'shop', at)
  await server.client.delete(Website, 'brief', at)
  await server.client.delete({ group: '', version: 'v1', resource: 'secrets', kind: 'Secret', namespaced: true }, 'bought', at)
  await server.eventually(
    async () => (await server.list('Deployment', 'default')).length === 0 && (await server.list('Ingress')).length === 0,
  )
})
