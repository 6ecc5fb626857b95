import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { KmsMetrics } from '../../src/api/health/kms-metrics.ts'
import { reencrypt } from '../../src/api/watch/reencrypt.ts'
import { serializer } from '../../src/api/watch/serialize.ts'
import { readEncryptionConfiguration } from '../../src/store/encryption/configuration.ts'
import { EncryptedStore } from '../../src/store/encryption/encrypted-store.ts'
import { socketPath } from '../../src/store/encryption/kms/plugin.ts'
import { type KmsOptions, type KmsProvider, kmsProvider } from '../../src/store/encryption/kms/provider.ts'
import { createMemoryStore } from '../../src/store/memory/memory-store.ts'
import { type Store, Unavailable } from '../../src/store/store.ts'
import { contract } from './contract.ts'
import { startKmsPlugin, type TestPlugin } from './kms-plugin.ts'

const test = suite('kms v2')
const secretKey = '/registry/core/secrets/default/s'
const text = (value: Uint8Array | undefined) => value && Buffer.from(value).toString()

let plugin: TestPlugin
let now = Date.UTC(2026, 10, 29)
const opened: KmsProvider[] = []

test.before(async () => {
  plugin = await startKmsPlugin()
})
test.before.each(() => {
  Object.assign(plugin, {
    keyId: 'key-1',
    healthz: 'ok',
    version: 'v2',
    failure: undefined,
    silent: false,
    lastDecrypt: undefined,
  })
  plugin.calls.length = 0
})
test.after.each(() => {
  for (const provider of opened.splice(0)) provider.close()
})
test.after(() => plugin.remove())

/** What another process would have, with nothing opened yet. */
function provider(metrics = new KmsMetrics('server', () => now), options: Partial<KmsOptions> = {}): KmsProvider {
  const made = kmsProvider({ name: 'p', endpoint: plugin.endpoint, timeoutMs: 1000, ...options }, metrics, () => now)
  opened.push(made)
  return made
}

const storeOf = (inner: Store, ...providers: readonly (KmsProvider | undefined)[]) =>
  new EncryptedStore(inner, [{ resources: ['secrets'], providers }])

async function put(store: Store, at: string, password: string): Promise<number> {
  const write = serializer({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { password } } as never)
  return store.commit([{ key: at, value: new Uint8Array(), stamp: { at: write, offset: write.offset } }])
}

const refusal = (promise: unknown): Promise<string> =>
  Promise.resolve(promise).then(
    () => '',
    (error: Error) => error.message,
  )

contract(test, async () => {
  const made = provider()
  await made.check()
  return new EncryptedStore(createMemoryStore(), [{ resources: ['*.*'], providers: [made] }])
})

test('what one process wrote another opens, asking the plugin once for its seed, with the key id and annotations that it was told', async () => {
  const inner = createMemoryStore()
  const [one, two] = [provider(), provider()]
  await Promise.all([one.check(), two.check()])
  const store = storeOf(inner, one)
  for (const name of ['a', 'b', 'c']) await put(store, `/registry/core/secrets/default/${name}`, name)
  assert.match(text((await inner.get(`${secretKey.slice(0, -1)}a`))?.value) ?? '', /^k8s:enc:kms:v2:p:/)
  plugin.calls.length = 0
  const { items } = await storeOf(inner, two).range('/registry/core/secrets/')
  assert.equal(
    items.map((i) => JSON.parse(text(i.value) ?? '').data.password),
    ['a', 'b', 'c'],
  )
  assert.equal(plugin.calls, ['Decrypt'])
  assert.is(plugin.lastDecrypt?.keyId, 'key-1')
  assert.equal(plugin.lastDecrypt?.annotations, { 'local-kek.example.com': 'one' })
  assert.match(plugin.lastDecrypt?.uid ?? '', /^[0-9a-f-]{36}$/)
})

test('what kube-apiserver wrote is opened: with a seed, and with the one key of older versions', async () => {
  // From k8s.io/apiserver/pkg/storage/value/encrypt/envelope/kmsv2 with a plugin like this one, and the text "hello".
  const recorded = JSON.parse(readFileSync(join(import.meta.dirname, '../data/store/sealed-values.json'), 'utf8')) as Record<
    string,
    string
  >
  const made = provider()
  for (const kind of ['kmsSeed', 'kmsKey']) {
    const sealed = Buffer.from(recorded[kind] ?? '', 'base64')
    await made.prepare?.(sealed)
    assert.is(made.open(sealed, '/registry/secrets/default/s').toString(), 'hello', kind)
    assert.throws(() => made.open(sealed, '/registry/secrets/default/other'))
  }
  assert.equal(plugin.lastDecrypt?.annotations, { 'a.example.com': '\x01\x02\x03', 'b.example.com': 'two' })
  await made.check()
  assert.not.ok(made.isCurrent?.(Buffer.from(recorded.kmsKey ?? '', 'base64')), 'the older way is stale under the same key')
  assert.ok(made.isCurrent?.(Buffer.from(recorded.kmsSeed ?? '', 'base64')))
})

test('a new key id makes a new seed, and what the old one sealed is stale and written again', async () => {
  const inner = createMemoryStore()
  const made = provider()
  const store = storeOf(inner, made)
  let rotations = 0
  await made.check()
  made.follow(
    () => rotations++,
    () => {},
  )
  await put(store, secretKey, 'one')
  plugin.keyId = 'key-2'
  await made.check()
  assert.is(rotations, 0, 'an answer counts for twenty seconds')
  now += 20_000
  await made.check()
  assert.is(rotations, 1)
  assert.is(await reencrypt(store, new AbortController().signal), 1)
  assert.is(await reencrypt(store, new AbortController().signal), 0)
  const sealed = Buffer.from((await inner.get(secretKey))?.value ?? [])
  assert.ok(sealed.includes('key-2') && !sealed.includes('key-1'))
  assert.match(text((await store.get(secretKey))?.value) ?? '', '"one"')
})

test('identity before the plugin and after it: what is there is read, and written again as the first says', async () => {
  const inner = createMemoryStore()
  await put(inner, secretKey, 'plain')
  const made = provider()
  await made.check()
  const store = storeOf(inner, made, undefined)
  assert.is(await reencrypt(store, new AbortController().signal), 1)
  const back = storeOf(inner, undefined, made)
  assert.is(await reencrypt(back, new AbortController().signal), 1)
  assert.match(text((await inner.get(secretKey))?.value) ?? '', '"plain"')
})

test('while the plugin fails, writing goes on for three minutes, reading for ever, and the check says why', async () => {
  const made = provider()
  const store = storeOf(createMemoryStore(), made)
  await made.check()
  await put(store, secretKey, 'one')
  plugin.failure = { code: 14, message: 'the vault is sealed' }
  now += 20_000
  const why =
    'failed to perform status section of the healthz check for KMS Provider p, error: rpc error: code = Unavailable desc = the vault is sealed'
  assert.is(await refusal(made.check()), why)
  const asked = plugin.calls.length
  assert.is(await refusal(made.check()), why)
  assert.is(plugin.calls.length, asked, 'not asked again for three seconds')
  now += 160_000
  await put(store, secretKey, 'two')
  now += 1000
  assert.match(
    await refusal(put(store, secretKey, 'three')),
    /^encryptedDEKSource with keyID hash "sha256:[0-9a-f]{64}" expired at 2026-11-29T\d\d:\d\d:\d\dZ \(current time is/,
  )
  assert.match(text((await store.get(secretKey))?.value) ?? '', '"two"')
  plugin.failure = undefined
  await made.check()
  await put(store, secretKey, 'three')
})

test('a plugin that is not well, of another version, or has no good key id is refused in kube-apiserver words', async () => {
  const check = async (change: Partial<TestPlugin>) => {
    Object.assign(plugin, { keyId: 'key-1', healthz: 'ok', version: 'v2', annotations: {} }, change)
    return refusal(provider().check())
  }
  const ill = 'kmsv2 Provider p is not healthy, error: '
  assert.is(await check({ healthz: 'the HSM is on fire' }), `${ill}got unexpected healthz status: the HSM is on fire`)
  assert.is(await check({ version: 'v3' }), `${ill}expected KMSv2 API version v2, got v3`)
  assert.is(await check({ version: 'v2beta1' }), '')
  assert.is(await check({ keyId: '' }), `${ill}got invalid KMSv2 KeyID hash "": keyID is empty`)
  assert.match(await check({ keyId: 'x'.repeat(1025) }), /keyID is 1025 bytes, which exceeds the max size of 1024$/)
  assert.match(
    await check({ annotations: { nodots: Buffer.from('x') } }),
    /errGen=failed to validate annotations: annotations: Invalid value: "nodots": should be a domain with at least two segments separated by dots, statusKeyIDHash="sha256:/,
  )
  assert.match(
    await check({ healthz: 'bad', keyId: '' }),
    /error: \[got unexpected healthz status: bad, got invalid KMSv2 KeyID hash/,
  )
})

test('a plugin that is not there or does not answer is given up after the timeout, and used when it comes', async () => {
  await plugin.stop()
  const made = provider(undefined, { timeoutMs: 300 })
  assert.match(await refusal(made.check()), /code = DeadlineExceeded desc = context deadline exceeded: connect ENOENT/)
  now += 3000
  const waiting = made.check()
  await plugin.start()
  await waiting
  plugin.silent = true
  now += 20_000
  assert.match(await refusal(made.check()), /code = DeadlineExceeded desc = the KMS plugin p gave no answer within \d+/)
})

test('an event of another server whose seed cannot be had yet holds up what follows it, and reads of now are refused meanwhile', async () => {
  const inner = createMemoryStore()
  const [here, there] = [provider(), provider()]
  await Promise.all([here.check(), there.check()])
  const store = storeOf(inner, here)
  const told: string[] = []
  const changed = Promise.withResolvers<void>()
  store.subscribe((events) => {
    for (const e of events) told.push(e.key.slice(e.key.lastIndexOf('/') + 1))
    if (told.includes('second')) changed.resolve()
  })
  const before = store.revision
  await put(storeOf(inner, there), '/registry/core/secrets/default/first', 'x')
  await inner.commit([{ key: '/registry/core/configmaps/default/second', value: Buffer.from('{}') }])
  assert.equal(told, [])
  assert.is(store.revision, before)
  await store.current()
  await changed.promise
  assert.equal(told, ['first', 'second'])
  assert.is(store.revision, inner.revision)

  plugin.failure = { code: 14, message: 'sealed' }
  const third = provider()
  plugin.failure = undefined
  await third.check()
  plugin.failure = { code: 14, message: 'sealed' }
  await put(storeOf(inner, third), '/registry/core/secrets/default/third', 'x')
  const error = await Promise.resolve(store.current()).catch((e: unknown) => e)
  assert.instance(error, Unavailable)
  assert.match((error as Error).message, /third cannot be decrypted: failed to decrypt DEK, error: rpc error: code = Unavailable/)
})

test('metrics: calls, keys by hash, seeds that are kept', async () => {
  const metrics = new KmsMetrics('server', () => now)
  const made = provider(metrics)
  await made.check()
  const store = storeOf(createMemoryStore(), made)
  await put(store, secretKey, 'x')
  plugin.keyId = ''
  now += 20_000
  await refusal(made.check())
  const lines = [...metrics.lines()]
  const has = (pattern: RegExp) =>
    assert.ok(
      lines.some((l) => pattern.test(l)),
      `${pattern} in\n${lines.join('\n')}`,
    )
  has(
    /kms_operations_latency_seconds_count\{grpc_status_code="OK",method_name="\/v2.KeyManagementService\/Encrypt",provider_name="p"\} 1$/,
  )
  has(
    /key_id_hash_total\{apiserver_id_hash="sha256:\w+",key_id_hash="sha256:\w+",provider_name="p",transformation_type="to_storage"\} 1$/,
  )
  has(/dek_source_cache_size\{provider_name="p"\} 1$/)
  has(/invalid_key_id_from_status_total\{error="empty",provider_name="p"\} 1$/)
  assert.not.ok(lines.some((l) => l.includes('key-1')))
})

test('the configuration of a plugin is refused in kube-apiserver words', () => {
  const read = (...plugins: string[]) => {
    const providers = plugins.map((kms) => `{kms: ${kms}}`).join(', ')
    const seen: KmsOptions[] = []
    try {
      readEncryptionConfiguration(
        `{apiVersion: apiserver.config.k8s.io/v1, kind: EncryptionConfiguration, resources: [{resources: [secrets], providers: [${providers}]}]}`,
        'test',
        (options) => {
          seen.push(options)
          return provider()
        },
      )
      return seen
    } catch (e) {
      assert.equal(seen, [], 'no plugin is called for a file that is not good')
      return (e as Error).message.replace('test: resources[0].providers', '')
    }
  }
  const good = '{apiVersion: v2, name: a, endpoint: "unix:///run/kms.sock"}'
  assert.equal(read(good), [{ name: 'a', endpoint: 'unix:///run/kms.sock', timeoutMs: 3000 }])
  assert.equal(read(good.replace('}', ', timeout: 1.5s}')), [{ name: 'a', endpoint: 'unix:///run/kms.sock', timeoutMs: 1500 }])
  assert.is(
    read(good.replace('apiVersion: v2, ', '')),
    '[0].kms: KMSv1 is deprecated and will only receive security updates going forward. Use KMSv2 instead.  Set --feature-gates=KMSv1=true to use the deprecated KMSv1 feature.',
  )
  assert.is(
    read(good.replace('v2', 'v3')),
    '[0].kms.apiVersion: Invalid value: "v3": unsupported apiVersion apiVersion for KMS provider, only v1 and v2 are supported',
  )
  assert.is(read(good, good), '[1].kms.name: Invalid value: "a": duplicate KMS provider name a, names must be unique')
  assert.is(
    read(good.replace('name: a', 'name: "a:b"')),
    `[0].kms.name: Invalid value: "a:b": invalid KMS provider name a:b, must not contain ':'`,
  )
  assert.is(read(good.replace('name: a', 'name: ""')), '[0].kms.name: Required value: name is a mandatory field for a provider')
  assert.is(read(good.replace('}', ', timeout: 0s}')), '[0].kms.timeout: Invalid value: "0s": timeout should be a positive value')
  assert.is(read(good.replace('}', ', cachesize: 5}')), '[0].kms.cachesize: Invalid value: 5: cachesize is not supported in v2')
  assert.is(
    read(good.replace('unix:///run', 'tcp://run')),
    '[0].kms.endpoint: Invalid value: "tcp://run/kms.sock": unsupported scheme "tcp" for KMS provider, only unix is supported',
  )
})

test('endpoints: a path, or a name in the abstract namespace', () => {
  assert.is(socketPath('unix:///var/run/kms.sock'), '/var/run/kms.sock')
  assert.is(socketPath('unix:///@kms'), '\0kms')
})

test.run()
