import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { EtcdApi } from '../../src/store/etcd/api.ts'
import { connectionTo } from '../../src/store/etcd/connection.ts'
import { openEtcdStore } from '../../src/store/etcd/etcd-store.ts'
import { Compacted, StorageFull, type Store, ValueTooLarge } from '../../src/store/store.ts'
import { eventually } from '../eventually.ts'
import { contract } from './contract.ts'
import { type EtcdServer, startEtcd } from './etcd-server.ts'
import { startProxy } from './tcp-proxy.ts'

const test = suite('etcd store')
const server: EtcdServer = await startEtcd()
let n = 0
const freshPrefix = () => `/test${n++}`
const open = (prefix: string, urls = [server.url]): Promise<Store> => openEtcdStore({ urls, prefix, compactEveryMs: 0 })
const bytes = (text: string) => Buffer.from(text)
const text = (value: Uint8Array | undefined) => value && Buffer.from(value).toString()

contract(test, () => open(freshPrefix()))

test('two processes on one etcd: after current() a read sees what the other wrote, and subscribers have been told', async () => {
  const prefix = freshPrefix()
  const [a, b] = [await open(prefix), await open(prefix)]
  const seen: string[] = []
  b.subscribe((events) => seen.push(...events.map((e) => `${e.key}=${text(e.value)}@${e.revision}`)))
  for (let i = 0; i < 20; i++) {
    const stamp = { at: (r: number) => bytes(`v${r};`), offset: 1 }
    const revision = await a.commit([{ key: `/k${i}`, value: undefined, stamp }])
    assert.ok((await b.current()) >= revision)
    assert.is(seen.at(-1), `/k${i}=v${revision};@${revision}`)
  }
  await Promise.all([a.close(), b.close()])
})

test('two processes write one counter: every increment counts once', async () => {
  const prefix = freshPrefix()
  const stores = [await open(prefix), await open(prefix)]
  await stores[0]?.commit([{ key: '/n', value: bytes('0') }])
  const increment = async (store: Store) => {
    for (;;) {
      const found = await store.get('/n')
      const next = bytes(String(Number(text(found?.value)) + 1))
      try {
        return await store.commit([{ key: '/n', value: next, expected: found?.revision ?? 0 }])
      } catch (error) {
        if ((error as Error).name !== 'Conflict') throw error
      }
    }
  }
  await Promise.all(stores.flatMap((s) => Array.from({ length: 20 }, () => increment(s))))
  assert.is(text((await stores[0]?.get('/n'))?.value), '40')
  await Promise.all(stores.map((s) => s.close()))
})

test('etcd is killed and started again under load: acknowledged commits are there once, subscribers miss and repeat none', async () => {
  const own = await startEtcd()
  const store = await open('/slipway', [own.url])
  const told: string[] = []
  store.subscribe((events) => told.push(...events.map((e) => `${e.key}@${e.revision}`)))
  let running = true
  const acknowledged: string[] = []
  const writer = async (w: number) => {
    for (let i = 0; running; i++) {
      const key = `/w${w}/${i}`
      acknowledged.push(`${key}@${await store.commit([{ key, value: bytes('x'), expected: 0 }])}`)
    }
  }
  const writers = [0, 1, 2, 3].map(writer)
  for (let kill = 0; kill < 3; kill++) {
    const before = acknowledged.length
    await eventually(() => acknowledged.length >= before + 50)
    await own.kill()
    await own.start()
  }
  running = false
  await Promise.all(writers)
  const { items } = await store.range('/w')
  assert.equal(items.map((i) => `${i.key}@${i.revision}`).sort(), [...acknowledged].sort())
  assert.equal(told.slice().sort(), [...acknowledged].sort())
  await store.close()
  await own.remove()
})

test('a process that was cut off so long that the log forgot what it missed is told to read again, and goes on from there', async () => {
  const proxy = await startProxy(server.url)
  const prefix = freshPrefix()
  const [store, other] = [await open(prefix, [proxy.url]), await open(prefix)]
  const told: string[] = []
  const lost = new Promise<number>((resolve) => {
    store.subscribe(
      (events) => told.push(...events.map((e) => e.key)),
      async (revision) => {
        assert.equal(
          (await store.range('/', { revision })).items.map((i) => i.key),
          ['/a', '/b', '/c'],
        )
        resolve(revision)
      },
    )
  })
  await store.commit([{ key: '/a', value: bytes('1') }])
  proxy.cut()
  await other.commit([{ key: '/b', value: bytes('1') }])
  const newest = await other.commit([{ key: '/c', value: bytes('1') }])
  await other.compact(newest)
  proxy.mend()
  assert.ok((await lost) >= newest)
  await store.commit([{ key: '/d', value: bytes('1') }])
  assert.equal(told, ['/a', '/d'])
  await Promise.all([store.close(), other.close()])
  await proxy.close()
})

test('a write whose answer is lost is found again when the connection is back, and counts once', async () => {
  const proxy = await startProxy(server.url)
  const store = await open(freshPrefix(), [proxy.url])
  const first = await store.commit([{ key: '/n', value: bytes('0') }])
  let expected = first
  for (let i = 1; i <= 30; i++) {
    const committing = store.commit([{ key: '/n', value: bytes(`${i}`), expected }])
    // At another moment of the exchange each time.
    await new Promise((resolve) => setTimeout(resolve, (i % 6) / 2))
    proxy.cut()
    proxy.mend()
    expected = await committing
    assert.is(text((await store.get('/n'))?.value), `${i}`)
  }
  await store.close()
  await proxy.close()
})

test('etcd out of space: writes fail with what to do, reads go on', async () => {
  const own = await startEtcd({ flags: ['--quota-backend-bytes', '1048576'] })
  const store = await open('/slipway', [own.url])
  await store.commit([{ key: '/first', value: bytes('kept') }])
  let refused: unknown
  for (let i = 0; !refused && i < 500; i++) {
    await store.commit([{ key: `/big/${i}`, value: Buffer.alloc(50_000) }]).catch((error: unknown) => {
      refused = error
    })
  }
  assert.instance(refused, StorageFull)
  assert.match((refused as Error).message, /etcd at .*alarm disarm/)
  assert.is(text((await store.get('/first'))?.value), 'kept')
  await store.close()
  await own.remove()
})

test('a value that etcd does not take is told of as too large', async () => {
  const store = await open(freshPrefix())
  const error = await store.commit([{ key: '/a', value: Buffer.alloc(2 << 20) }]).catch((e: unknown) => e)
  assert.instance(error, ValueTooLarge)
  await store.close()
})

test('the kept window of etcd ends where another process compacted', async () => {
  const prefix = freshPrefix()
  const [a, b] = [await open(prefix), await open(prefix)]
  const first = await a.commit([{ key: '/a', value: bytes('1') }])
  await a.commit([{ key: '/a', value: bytes('2') }])
  await a.compact(a.revision)
  const error = await Promise.resolve(b.history('/a', { since: first })).catch((e: unknown) => e)
  assert.instance(error, Compacted)
  await Promise.all([a.close(), b.close()])
})

test('what somebody writes by hand under our keys is told of, and does no harm', async () => {
  const prefix = freshPrefix()
  const store = await open(prefix)
  const told: string[] = []
  store.subscribe((events) => told.push(...events.map((e) => e.key)))
  const servers = { urls: [server.url] }
  const connection = connectionTo(servers)
  const put = (key: string, value: string) =>
    new EtcdApi(connection, servers).txn({
      compare: [],
      success: [{ put: { key: prefix + key, value: bytes(value) } }],
      failure: [],
    })
  await put('/commit', 'no JSON')
  await put('/commit', 'null')
  await put('/data/x', '!')
  await store.commit([{ key: '/a', value: bytes('1') }], 'ours')
  assert.equal(told, ['/x', '/a'])
  assert.is(await store.noteAt(store.revision), 'ours')
  assert.is(await store.noteAt(store.revision - 1), undefined)
  connection.close()
  await store.close()
})

test('no server: opening fails with what was tried', async () => {
  const error = await openEtcdStore({ urls: ['http://127.0.0.1:1'], patienceMs: 300 }).catch((e: unknown) => e)
  assert.match((error as Error).message, /http:\/\/127\.0\.0\.1:1.*ECONNREFUSED/)
})

test.after(() => server.remove())
test.run()
