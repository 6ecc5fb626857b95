import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { serviceAddresses } from '../../src/api/services/service-addresses.ts'
import { configmaps, ipaddresses, services } from '../../src/apimachinery/resources.generated.ts'
import type { StatusError } from '../../src/apimachinery/status.ts'
import { openEtcdStore } from '../../src/store/etcd/etcd-store.ts'
import { type EtcdServer, startEtcd } from '../store/etcd-server.ts'
import { startProxy } from '../store/tcp-proxy.ts'
import { testApi } from './test-api.ts'

const test = suite('two API servers on one etcd')
const etcd: EtcdServer = await startEtcd()
const prefix = '/two'
const stores = [
  await openEtcdStore({ urls: [etcd.url], prefix, compactEveryMs: 0 }),
  await openEtcdStore({ urls: [etcd.url], prefix, compactEveryMs: 0 }),
] as const
// Both choose the same "random" numbers, so that they want the same addresses.
const hooks = (objects: Parameters<typeof serviceAddresses>[0]['objects']) =>
  new Map([['/services', serviceAddresses({ objects, serviceCidr: '10.43.0.0/24', random: () => 0 })]])
const [first, second] = [await testApi({ store: stores[0], hooks }), await testApi({ store: stores[1], hooks })]
const inDefault = { namespace: 'default' }

test('what one server wrote the other one reads, lists, changes and deletes at once', async () => {
  for (let i = 0; i < 30; i++) {
    const [a, b] = i % 2 ? [first.client, second.client] : [second.client, first.client]
    const name = `c${i}`
    await a.create(configmaps, { metadata: { name }, data: { n: '1' } } as never, inDefault)
    const read = await b.get(configmaps, name, inDefault)
    await b.update(configmaps, { ...read, data: { n: '2' } } as never, inDefault)
    const { items } = await a.list(configmaps, inDefault)
    assert.is(items.find((c) => c.metadata.name === name)?.data?.n, '2')
    await a.delete(configmaps, name, inDefault)
    const gone = await b.get(configmaps, name, inDefault).catch((e: StatusError) => e.reason)
    assert.is(gone, 'NotFound')
  }
})

test('a name that both create at once goes to one of them', async () => {
  const results = await Promise.allSettled(
    [first, second].map(({ client }) => client.create(configmaps, { metadata: { name: 'race' } } as never, inDefault)),
  )
  assert.equal(results.map((r) => r.status).sort(), ['fulfilled', 'rejected'])
})

test('one object applied on both at once is made by one and changed by the other', async () => {
  for (let i = 0; i < 20; i++) {
    const object = (n: string) => ({ metadata: { name: `applied-${i}`, namespace: 'default' }, data: { [n]: 'x' } }) as never
    await Promise.all([
      first.client.apply(configmaps, object('a'), { fieldManager: 'first' }),
      second.client.apply(configmaps, object('b'), { fieldManager: 'second' }),
    ])
    const { data } = await first.client.get(configmaps, `applied-${i}`, inDefault)
    assert.equal(data, { a: 'x', b: 'x' })
  }
})

test('no cluster address and no node port is given twice, though both servers want the same', async () => {
  const port = { port: 80 }
  const made = await Promise.all(
    Array.from({ length: 24 }, (_, i) =>
      (i % 2 ? first : second).client.create(
        services,
        { metadata: { name: `s${i}` }, spec: { type: 'NodePort', ports: [port] } } as never,
        inDefault,
      ),
    ),
  )
  assert.is(new Set(made.map((s) => s.spec?.clusterIP)).size, 24)
  assert.is(new Set(made.map((s) => s.spec?.ports?.[0]?.nodePort)).size, 24)
  const addresses = (await first.client.list(ipaddresses)).items
  assert.equal(addresses.map((a) => a.metadata.name).sort(), made.map((s) => s.spec?.clusterIP).sort())
  assert.equal(addresses.find((a) => a.metadata.name === made[0]?.spec?.clusterIP)?.spec?.parentRef, {
    resource: 'services',
    namespace: 'default',
    name: 's0',
  })
})

test('an address that a Service gave back can be asked for on the other server', async () => {
  const asked = '10.43.0.9'
  const service = (name: string) => ({ metadata: { name }, spec: { clusterIP: asked, ports: [{ port: 1 }] } }) as never
  await first.client.create(services, service('holds'), inDefault)
  const refused = await second.client.create(services, service('wants'), inDefault).catch((e: StatusError) => e.message)
  assert.match(String(refused), /provided IP is already allocated/)
  await second.client.delete(services, 'holds', inDefault)
  const got = await first.client.create(services, service('wants'), inDefault)
  assert.is(got.spec?.clusterIP, asked)
})

test('a server that was cut off while the log was forgotten shows what is there now, and tells its watches of it', async () => {
  const proxy = await startProxy(etcd.url)
  const store = await openEtcdStore({ urls: [proxy.url], prefix, compactEveryMs: 0 })
  const cutOff = await testApi({ store, hooks })
  const make = (name: string, n: string) => ({ metadata: { name }, data: { n } }) as never
  await first.client.create(configmaps, make('kept', '1'), inDefault)
  await first.client.create(configmaps, make('goes', '1'), inDefault)
  const stop = new AbortController()
  const { metadata } = await cutOff.client.list(configmaps, inDefault)
  const seen: string[] = []
  let onSeen = () => {}
  const watching = (async () => {
    const options = { ...inDefault, resourceVersion: metadata.resourceVersion ?? '', signal: stop.signal }
    for await (const batch of cutOff.client.watch(configmaps, options)) {
      seen.push(...batch.map((e) => `${e.type} ${e.object.metadata.name}`))
      onSeen()
      if (seen.length >= 4) return
    }
  })()
  const open = new Promise<void>((resolve) => {
    onSeen = resolve
  })
  await first.client.create(configmaps, make('opens', '1'), inDefault)
  await open
  proxy.cut()
  await first.client.update(configmaps, make('kept', '2'), inDefault)
  await first.client.delete(configmaps, 'goes', inDefault)
  await first.client.create(configmaps, make('comes', '1'), inDefault)
  await stores[0].compact(stores[0].revision)
  proxy.mend()
  const { items } = await cutOff.client.list(configmaps, inDefault)
  const names = items.map((c) => c.metadata.name)
  assert.ok(names.includes('comes') && !names.includes('goes'))
  assert.is(items.find((c) => c.metadata.name === 'kept')?.data?.n, '2')
  await watching
  assert.equal(seen.sort(), ['ADDED comes', 'ADDED opens', 'DELETED goes', 'MODIFIED kept'])
  stop.abort()
  cutOff.api.close()
  await store.close()
  await proxy.close()
})

test('a server that lags behind what is compacted still tells of changes and removals, to watches with a selector too', async () => {
  const proxy = await startProxy(etcd.url)
  const store = await openEtcdStore({ urls: [proxy.url], prefix, compactEveryMs: 0 })
  const lagging = await testApi({ store, hooks })
  const make = (name: string, n: string) => ({ metadata: { name, labels: { lag: 'yes' } }, data: { n } }) as never
  for (const name of ['stays', 'goes']) await first.client.create(configmaps, make(name, '1'), inDefault)
  const stop = new AbortController()
  const { metadata } = await lagging.client.list(configmaps, inDefault)
  const watched = async (labelSelector: string) => {
    const seen: string[] = []
    const resourceVersion = metadata.resourceVersion ?? ''
    for await (const batch of lagging.client.watch(configmaps, {
      ...inDefault,
      labelSelector,
      resourceVersion,
      signal: stop.signal,
    })) {
      seen.push(
        ...batch.filter((e) => !e.object.metadata.name?.startsWith('big')).map((e) => `${e.type} ${e.object.metadata.name}`),
      )
      if (seen.includes('ADDED last')) break
    }
    return seen
  }
  const watching = Promise.all(['lag=yes', ''].map(watched))
  proxy.pause()
  // More than etcd sends ahead: it reads the values before when it sends.
  for (let i = 0; i < 40; i++) await first.client.create(configmaps, make(`big-${i}`, 'x'.repeat(500_000)), inDefault)
  await first.client.update(configmaps, make('stays', '2'), inDefault)
  await first.client.delete(configmaps, 'goes', inDefault)
  await first.client.create(configmaps, make('last', '1'), inDefault)
  await stores[0].compact(stores[0].revision)
  proxy.resume()
  for (const seen of await watching) assert.equal(seen, ['MODIFIED stays', 'DELETED goes', 'ADDED last'])
  stop.abort()
  lagging.api.close()
  await store.close()
  await proxy.close()
})

test.after(async () => {
  first.api.close()
  second.api.close()
  for (const store of stores) await store.close()
  await etcd.remove()
})
test.run()
