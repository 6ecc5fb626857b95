import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readNote } from '../../src/api/history/note.ts'
import { reencrypt } from '../../src/api/watch/reencrypt.ts'
import { serializer } from '../../src/api/watch/serialize.ts'
import { readEncryptionConfiguration } from '../../src/store/encryption/configuration.ts'
import { EncryptedStore } from '../../src/store/encryption/encrypted-store.ts'
import { aesCbc, aesGcm, secretbox } from '../../src/store/encryption/providers.ts'
import { openLmdbStore } from '../../src/store/lmdb/lmdb-store.ts'
import { createMemoryStore } from '../../src/store/memory/memory-store.ts'
import type { Store, StoreEvent } from '../../src/store/store.ts'
import { contract } from './contract.ts'

const test = suite('encryption at rest')
const key = (n: number) => Buffer.alloc(32, n).toString('base64')
const noKms = () => {
  throw new Error('no KMS plugin here')
}
const rules = (providers: string, resources = 'secrets') =>
  readEncryptionConfiguration(
    `{apiVersion: apiserver.config.k8s.io/v1, kind: EncryptionConfiguration, resources: [{resources: [${resources}], providers: [${providers}]}]}`,
    'test',
    noKms,
  )
const gcm = (...keys: number[]) => `aesgcm: {keys: [${keys.map((n) => `{name: k${n}, secret: "${key(n)}"}`).join(', ')}]}`
const text = (value: Uint8Array | undefined) => value && Buffer.from(value).toString()
const secretKey = '/registry/core/secrets/default/s'

/** Commits as the API does. */
async function put(store: Store, at: string, password: string, expected?: number): Promise<number> {
  const write = serializer({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { password } } as never)
  const stamp = { at: write, offset: write.offset }
  return store.commit([{ key: at, value: new Uint8Array(), stamp, ...(expected === undefined ? {} : { expected }) }])
}

// Everything holds with encryption that holds without; the contract's keys are of no resource, so these are.
contract(test, async () => new EncryptedStore(createMemoryStore(), rules(`{${gcm(1)}}`)))
contract(test, async () => {
  const inner = new EncryptedStore(createMemoryStore(), rules(`{${gcm(1)}}`, '"*.*"'))
  const root = '/registry/core/secrets'
  const out = (e: StoreEvent): StoreEvent => ({
    type: e.type,
    key: e.key.slice(root.length),
    revision: e.revision,
    value: e.value,
    previous: e.previous,
    previousRevision: e.previousRevision,
    note: e.note,
  })
  return {
    get revision() {
      return inner.revision
    },
    get compacted() {
      return inner.compacted
    },
    current: () => inner.current(),
    get: (k, r) => inner.get(root + k, r),
    range: async (p, o) => {
      const found = await inner.range(root + p, { ...o, ...(o?.after ? { after: root + o.after } : {}) })
      return { ...found, items: found.items.map((i) => ({ ...i, key: i.key.slice(root.length) })) }
    },
    count: (p) => inner.count(root + p),
    commit: (changes, note) =>
      inner
        .commit(
          changes.map((c) => ({ ...c, key: root + c.key })),
          note,
        )
        .catch((e: Error) => Promise.reject('key' in e ? Object.assign(e, { key: String(e.key).slice(root.length) }) : e)),
    watch: async (p, since) => {
      const watcher = await inner.watch(root + p, since)
      return {
        async *[Symbol.asyncIterator]() {
          for await (const events of watcher) yield events.map(out)
        },
        close: () => watcher.close(),
      }
    },
    subscribe: (l) => inner.subscribe((events) => l(events.map(out))),
    compact: (r) => inner.compact(r),
    history: async (p, o) => (await inner.history(root + p, o)).map(out),
    versions: async (k) => (await inner.versions(root + k)).map(out),
    noteAt: (r) => inner.noteAt(r),
    close: () => inner.close(),
  }
})

test('the bytes on disk hold no Secret, but other objects as they are; what is read is what was written', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-encryption-'))
  const path = join(folder, 'store.mdb')
  const store = new EncryptedStore(openLmdbStore({ path }), rules(`{${gcm(1)}}`))
  const told: (string | undefined)[] = []
  store.subscribe((events) => told.push(...events.map((e) => text(e.value))))
  const revision = await put(store, secretKey, 'correct-horse')
  await put(store, '/registry/core/configmaps/default/c', 'plain-to-see')
  const found = await store.get(secretKey)
  assert.match(text(found?.value) ?? '', `"resourceVersion":"${revision}"},"data":{"password":"correct-horse"}`)
  assert.is(told[0], text(found?.value))
  await store.close()
  const disk = readFileSync(path)
  assert.not.ok(disk.includes('correct-horse'))
  assert.ok(disk.includes('plain-to-see'))
  assert.ok(disk.includes('k8s:enc:aesgcm:v1:k1:'))
  rmSync(folder, { recursive: true })
})

test('a new first key writes from then on, reads what the old one wrote, and writes it again: then the old key can go', async () => {
  const inner = createMemoryStore()
  await put(inner, '/registry/core/secrets/default/unencrypted', 'zero')
  await put(new EncryptedStore(inner, rules(`{${gcm(1)}}`)), secretKey, 'one')
  const both = new EncryptedStore(inner, rules(`{${gcm(2, 1)}}, {identity: {}}`))
  assert.match(text((await both.get(secretKey))?.value) ?? '', '"one"')
  assert.is(await reencrypt(both, new AbortController().signal, () => 7), 2)
  assert.is(readNote(await both.noteAt(both.revision))?.timeMs, 7, 'times of revisions can be looked up after it, too')
  assert.is(await reencrypt(both, new AbortController().signal), 0)
  const onlyNew = new EncryptedStore(inner, rules(`{${gcm(2)}}`))
  const { items } = await onlyNew.range('/registry/core/secrets/')
  assert.equal(
    items.map((i) => JSON.parse(text(i.value) ?? '').data.password),
    ['one', 'zero'],
  )
  for (const i of items) assert.is(JSON.parse(text(i.value) ?? '').metadata.resourceVersion, String(i.revision))
})

test('without the key that wrote a value, or moved to another name, it is refused by name', async () => {
  const inner = createMemoryStore()
  const store = new EncryptedStore(inner, rules(`{${gcm(1)}}`))
  await put(store, secretKey, 'one')
  const other = new EncryptedStore(inner, rules(`{${gcm(2)}}`))
  assert.throws(() => other.get(secretKey), /secrets\/default\/s cannot be decrypted: no configured provider has the key/)
  const moved = inner.get(secretKey)
  await inner.commit([{ key: `${secretKey}2`, value: (moved as { value: Uint8Array }).value }])
  assert.throws(() => store.get(`${secretKey}2`), /cannot be decrypted/)
  await put(inner, '/registry/core/secrets/default/plain', 'x')
  assert.throws(() => store.get('/registry/core/secrets/default/plain'), /not encrypted, and the configuration has no identity/)
})

test('what kube-apiserver wrote is opened: each provider, by values sealed by its own code', () => {
  const name = '/registry/secrets/default/s'
  const known = Buffer.alloc(32, 7)
  // From k8s.io/apiserver/pkg/storage/value/encrypt with this key, context and the text "hello".
  const recorded = JSON.parse(readFileSync(join(import.meta.dirname, '../data/store/sealed-values.json'), 'utf8')) as Record<
    string,
    string
  >
  for (const [kind, make] of Object.entries({ aesgcm: aesGcm, aescbc: aesCbc, secretbox })) {
    assert.is(
      make('k', known)
        .open(Buffer.from(recorded[kind] ?? '', 'base64'), name)
        .toString(),
      'hello',
      kind,
    )
  }
})

test('resources: the first list that names one counts; *.group, *. and *.* take many', async () => {
  const inner = createMemoryStore()
  const configuration = `
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources: [events]
    providers: [identity: {}]
  - resources: ['*.apps']
    providers: [{secretbox: {keys: [{name: box, secret: "${key(3)}"}]}}]
  - resources: ['*.*']
    providers: [{aescbc: {keys: [{name: cbc, secret: "${key(4)}"}]}}]
`
  const store = new EncryptedStore(inner, readEncryptionConfiguration(configuration, 'test', noKms))
  const keptAs = async (at: string) => {
    await put(store, at, 'v')
    assert.match(text((await store.get(at))?.value) ?? '', '"v"')
    return /^k8s:enc:\w+/.exec(text((await inner.get(at))?.value) ?? '')?.[0]
  }
  assert.is(await keptAs('/registry/core/events/default/e'), undefined)
  assert.is(await keptAs('/registry/apps/deployments/default/d'), 'k8s:enc:secretbox')
  assert.is(await keptAs('/registry/pandas.example/pandas/default/p'), 'k8s:enc:aescbc')
})

test('a configuration with a mistake is refused with file, place and reason, and shows no key', () => {
  const refused = (providers: string, resources = 'secrets') => {
    try {
      rules(providers, resources)
      return ''
    } catch (e) {
      return (e as Error).message
    }
  }
  assert.is(
    refused('{aesgcm: {keys: [{name: a, secret: c2hvcnQ=}]}}'),
    'test: resources[0].providers[0].aesgcm.keys[0].secret: Invalid value: "REDACTED": secret is not of the expected length, got 5, expected one of [16 24 32]',
  )
  assert.match(refused('{identity: {}, aesgcm: {keys: []}}'), /more than one provider specified in a single element/)
  assert.match(refused('{idenity: {}}'), /resources\[0\]\.providers\[0\]\.idenity: unknown field/)
  assert.match(refused('{identity: {}}', "secrets, '*.'"), /overlapping resources/)
  assert.match(refused('{identity: {}}', "'*'"), /use '\*\.' to encrypt all the resources from core API group/)
})

test.run()
