import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { keepIdentity, leaseName, type ServerAddress } from '../../../src/api/services/identity.ts'
import { leadTo, makeKubernetesService } from '../../../src/api/services/kubernetes-service.ts'
import { endpoints, endpointslices, leases, namespaces } from '../../../src/apimachinery/resources.generated.ts'
import { createVirtualClock } from '../../../src/testkit/virtual-clock.ts'
import { testApi } from '../test-api.ts'

async function cluster() {
  const clock = createVirtualClock()
  const { api, client } = await testApi({ clock })
  await client.create(namespaces, { metadata: { name: 'kube-system' } } as never)
  const { handle, objects } = api
  const server = (address: string, port = 6443) =>
    keepIdentity({
      handle,
      objects,
      clock,
      address,
      port,
      onServers: (s: readonly ServerAddress[]) => leadTo(handle, objects, s),
    })
  const places = async () => {
    const { subsets = [] } = await client.get(endpoints, 'kubernetes', { namespace: 'default' })
    return subsets.flatMap((s) => (s.addresses ?? []).flatMap((a) => (s.ports ?? []).map((p) => `${a.ip}:${p.port}`)))
  }
  const slices = async () =>
    (await client.list(endpointslices, { namespace: 'default' })).items.map((s) => `${s.metadata.name} ${s.ports?.[0]?.port}`)
  await makeKubernetesService(handle, '10.43.0.1', 6443)
  return { clock, client, server, places, slices }
}

test('default/kubernetes leads to each server that lives, and no longer to one that stopped', async () => {
  const { client, server, places, slices, clock } = await cluster()
  const first = await server('10.0.0.1')
  const second = await server('10.0.0.2', 7443)
  await clock.advance(0)
  assert.equal(await places(), ['10.0.0.1:6443', '10.0.0.2:7443'])
  assert.equal(await slices(), ['kubernetes 6443', 'kubernetes-7443 7443'])
  const { items } = await client.list(leases, { namespace: 'kube-system' })
  assert.equal(
    items.map((l) => l.metadata.labels?.['apiserver.kubernetes.io/identity']),
    ['kube-apiserver', 'kube-apiserver'],
  )
  await second.stop()
  await clock.advance(0)
  assert.equal(await places(), ['10.0.0.1:6443'])
  assert.equal(await slices(), ['kubernetes 6443'])
  await first.stop()
  assert.equal(await places(), ['10.0.0.1:6443'])
})

test('a server that dies without a word gets no traffic after its renewals are missed; its lease goes after an hour', async () => {
  const { client, server, places, clock } = await cluster()
  await server('10.0.0.1')
  const past = new Date(clock.now() - 20_000).toISOString().replace('Z', '000Z')
  await client.create(
    leases,
    {
      metadata: {
        name: 'apiserver-dead',
        labels: { 'apiserver.kubernetes.io/identity': 'kube-apiserver' },
        annotations: { 'kubernetes.io/peer-advertise-address': '10.0.0.9:6443' },
      },
      spec: { leaseDurationSeconds: 3600, renewTime: past },
    } as never,
    { namespace: 'kube-system' },
  )
  await clock.advance(10_000)
  assert.equal(await places(), ['10.0.0.1:6443', '10.0.0.9:6443'])
  await clock.advance(20_000)
  assert.equal(await places(), ['10.0.0.1:6443'])
  await clock.advance(3_600_000)
  assert.is((await client.list(leases, { namespace: 'kube-system' })).items.length, 1)
})

test('the name of a lease is that of the server: the same after a restart, another for each address and port', () => {
  assert.is(leaseName('host', '10.0.0.1', 6443), leaseName('host', '10.0.0.1', 6443))
  assert.match(leaseName('host', '10.0.0.1', 6443), /^apiserver-[a-z2-7]{26}$/)
  assert.is.not(leaseName('host', '10.0.0.1', 6443), leaseName('host', '10.0.0.1', 6444))
})

test('a server whose store no other can have renews its lease before it runs out, and seldom', async () => {
  const clock = createVirtualClock()
  const { api, client } = await testApi({ clock })
  await client.create(namespaces, { metadata: { name: 'kube-system' } } as never)
  const { handle, objects } = api
  await keepIdentity({ handle, objects, clock, address: '10.0.0.1', port: 6443, isAlone: true, onServers: async () => {} })
  const lease = async () => (await client.list(leases, { namespace: 'kube-system' })).items[0]
  const first = await lease()
  await clock.advance(60_000)
  assert.equal((await lease())?.metadata.resourceVersion, first?.metadata.resourceVersion)
  for (let minutes = 0; minutes < 120; minutes += 10) await clock.advance(600_000)
  const age = clock.now() - Date.parse((await lease())?.spec?.renewTime ?? '')
  assert.ok(age < (first?.spec?.leaseDurationSeconds ?? 0) * 1000)
})

test.run()
