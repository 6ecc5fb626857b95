import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { configmaps } from '../../../src/apimachinery/resources.generated.ts'
import type { StatusError } from '../../../src/apimachinery/status.ts'
import { createMemoryStore } from '../../../src/store/memory/memory-store.ts'
import { admin, testApi } from '../test-api.ts'

const store = createMemoryStore()
// The timers of watches keep no process alive.
const awake = setInterval(() => {}, 1000)
const inDefault = { namespace: 'default' }
const before = await testApi({ store })
for (const name of ['a', 'b', 'c']) await before.client.create(configmaps, { metadata: { name } } as never, inDefault)
before.api.close()
await store.compact(store.revision)
// A server that starts now has seen none of it.
const { api, client } = await testApi({ store })

/** The whole answer of a watch that ends by itself. */
async function watched(query: string, accept = 'application/json') {
  const response = await api.handle({
    method: 'GET',
    path: '/api/v1/namespaces/default/configmaps',
    query: new URLSearchParams(`watch=1&${query}`),
    headers: { accept },
    user: admin,
    signal: new AbortController().signal,
  })
  if (!('stream' in response.body)) throw new Error(`no stream: ${response.status}`)
  const parts: Uint8Array[] = []
  for await (const bytes of response.body.stream) parts.push(bytes)
  return { status: response.status, type: response.headers['content-type'], bytes: Buffer.concat(parts) }
}

const watchList = 'timeoutSeconds=5&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'

test('a watch from a revision that is forgotten is a stream of one error, whatever view is asked for', async () => {
  for (const accept of ['application/json', 'application/json;as=Table;v=v1;g=meta.k8s.io']) {
    const { status, type, bytes } = await watched('resourceVersion=1', accept)
    assert.is(status, 200)
    assert.is(type, 'application/json')
    const event = JSON.parse(bytes.toString())
    assert.is(event.type, 'ERROR')
    assert.is(event.object.code, 410)
    assert.is(event.object.reason, 'Expired')
    assert.match(event.object.message, /^too old resource version: 1 \(\d+\)$/)
  }
})

test('the error of a watch in protobuf is a frame of its own', async () => {
  const { status, type, bytes } = await watched('resourceVersion=1', 'application/vnd.kubernetes.protobuf')
  assert.is(status, 200)
  assert.is(type, 'application/vnd.kubernetes.protobuf;stream=watch')
  assert.is(bytes.readUInt32BE(0), bytes.length - 4)
  assert.ok(bytes.includes('\n\u0005ERROR') && bytes.includes('k8s\0') && bytes.includes('too old resource version: 1'))
})

test('initial events that are not older than a revision to come are refused as too large, not told of an older state', async () => {
  const { status, bytes } = await watched(`resourceVersion=999999999&${watchList}`)
  assert.is(status, 200)
  const { type, object } = JSON.parse(bytes.toString())
  assert.is(type, 'ERROR')
  assert.is(object.code, 504)
  assert.is(object.reason, 'Timeout')
  assert.is(object.message, `Timeout: Too large resource version: 999999999, current: ${store.revision}`)
  assert.equal(object.details, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })
})

test('a read of a revision to come waits for it, and shows it when it comes', async () => {
  const asked = store.revision + 1
  const read = (query: string) =>
    api.handle({
      method: 'GET',
      path: '/api/v1/namespaces/default/configmaps',
      query: new URLSearchParams(`resourceVersion=${asked}&${query}`),
      headers: {},
      user: admin,
      signal: new AbortController().signal,
    })
  const reads = ['', 'resourceVersionMatch=Exact', 'limit=500'].map(read)
  const first = watched(`resourceVersion=${asked}&${watchList.replace('=5', '=1')}`)
  await client.create(configmaps, { metadata: { name: 'd' } } as never, inDefault)
  for (const response of await Promise.all(reads)) assert.is(response.status, 200)
  assert.match((await first).bytes.toString(), '"name":"d"')
})

test('in process the error of a watch is thrown to who reads it', async () => {
  const read = async () => {
    for await (const _ of client.watch(configmaps, { ...inDefault, resourceVersion: '1' })) return 'an event'
    return 'the end'
  }
  assert.is(await read().catch((e: StatusError) => e.code), 410)
})

test('a watch with bookmarks hears of one two seconds before its time is over, one without them hears nothing', async () => {
  const from = `resourceVersion=${store.revision}&timeoutSeconds=3`
  const [told, untold] = await Promise.all([watched(`${from}&allowWatchBookmarks=true`), watched(from)])
  const { type, object } = JSON.parse(told.bytes.toString())
  assert.is(type, 'BOOKMARK')
  assert.is(object.metadata.resourceVersion, `${store.revision}`)
  assert.is(untold.bytes.length, 0)
})

test('a patch of a type that nobody knows is refused for that, even when its answer could not be given either', async () => {
  const patched = async (contentType: string, accept: string) => {
    const response = await api.handle({
      method: 'PATCH',
      path: '/api/v1/namespaces/default/configmaps/a',
      query: new URLSearchParams(),
      headers: { accept, 'content-type': contentType },
      body: Buffer.from('{}'),
      user: admin,
      signal: new AbortController().signal,
    })
    return response.status
  }
  assert.is(await patched('application/apply-patch+cbor', 'application/cbor'), 415)
  assert.is(await patched('application/merge-patch+json', 'application/cbor'), 406)
})

test.after(() => clearInterval(awake))
test.run()
