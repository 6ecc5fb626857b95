import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { KmsMetrics } from '../../../../src/api/health/kms-metrics.ts'
import { ReloadMetrics } from '../../../../src/api/health/reload-metrics.ts'
import { serializer } from '../../../../src/api/watch/serialize.ts'
import { Encryption } from '../../../../src/cli/assembly/storage/encryption.ts'
import { keepEncrypted, kmsChecks } from '../../../../src/cli/assembly/storage/encryption-upkeep.ts'
import { EncryptedStore } from '../../../../src/store/encryption/encrypted-store.ts'
import { createMemoryStore } from '../../../../src/store/memory/memory-store.ts'
import { startKmsPlugin } from '../../../store/kms-plugin.ts'

const test = suite('encryption config')
const folder = mkdtempSync(join(tmpdir(), 'slipway-encryption-config-'))
const file = join(folder, 'encryption.yaml')
const key = '/registry/core/secrets/default/s'
const gcm = `aesgcm: {keys: [{name: k, secret: ${Buffer.alloc(32, 1).toString('base64')}}]}`
const write = (...providers: string[]) =>
  writeFileSync(
    file,
    `{apiVersion: apiserver.config.k8s.io/v1, kind: EncryptionConfiguration, resources: [{resources: [secrets], providers: [${providers.map((p) => `{${p}}`).join(', ')}]}]}`,
  )
const observe = new KmsMetrics('server')

test.after(() => rmSync(folder, { recursive: true }))

/** What is logged, line by line; and what was printed of values that were written again. */
function listening() {
  const { error, log } = console
  const lines: string[] = []
  let wake = Promise.withResolvers<void>()
  const note = (line: string) => {
    lines.push(line)
    wake.resolve()
    wake = Promise.withResolvers()
  }
  console.error = note
  console.log = note
  return {
    until: async (pattern: RegExp) => {
      for (;;) {
        const at = lines.findIndex((l) => pattern.test(l))
        if (at >= 0) return lines.splice(0, at + 1).at(-1)
        await wake.promise
      }
    },
    stop: () => Object.assign(console, { error, log }),
  }
}

test('a changed file seals from then on and what there was again; one that is not good changes nothing; a plugin that stays keeps its seeds', async () => {
  const plugin = await startKmsPlugin()
  write('identity: {}')
  const encryption = await Encryption.open({ file, pki: undefined, observe, log: assert.unreachable })
  const inner = createMemoryStore()
  const store = new EncryptedStore(inner, encryption.rules)
  const put = serializer({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { a: 'x' } } as never)
  await store.commit([{ key, value: new Uint8Array(), stamp: { at: put, offset: put.offset } }])
  const kept = async () => /^k8s:enc:\w+/.exec(Buffer.from((await inner.get(key))?.value ?? []).toString())?.[0]
  const heard = listening()
  const reloads = new ReloadMetrics('encryption', 'server', encryption.content)
  const upkeep = await keepEncrypted({ store, encryption, reloads, signal: new AbortController().signal })
  try {
    write(gcm, 'identity: {}')
    await heard.until(/^1 stored values were written again/)
    assert.is(await kept(), 'k8s:enc:aesgcm')
    write('nonsense: {}')
    assert.match((await heard.until(/^reloading/)) ?? '', /providers\[0\]\.nonsense: unknown field/)
    const kms = `kms: {apiVersion: v2, name: p, endpoint: "${plugin.endpoint}"}`
    write(kms, gcm)
    await heard.until(/^1 stored values were written again/)
    assert.is(await kept(), 'k8s:enc:kms')
    assert.equal(
      kmsChecks(encryption, true).map((c) => c.name),
      ['kms-providers'],
    )
    const [before] = encryption.plugins
    write(kms, gcm, 'identity: {}')
    await heard.until(/^reloaded encryption config/)
    assert.is(encryption.plugins[0], before)
    assert.match(Buffer.from((await store.get(key))?.value ?? []).toString(), /"a":"x"/)
    assert.not.ok(plugin.calls.includes('Decrypt'))
    const lines = [...reloads.lines()].join('\n')
    assert.match(lines, /apiserver_encryption_config_controller_automatic_reloads_total\{.*status="success"\} 3\n/)
    assert.match(lines, /apiserver_encryption_config_controller_automatic_reloads_total\{.*status="failure"\} 1\n/)
  } finally {
    heard.stop()
    await upkeep.close()
    await plugin.remove()
  }
})

test('without a file there is one of our own with a new key, readable by nobody else', async () => {
  const pki = join(folder, 'pki')
  const first = await Encryption.open({ file: undefined, pki, observe, log: assert.unreachable })
  const again = await Encryption.open({ file: undefined, pki, observe, log: assert.unreachable })
  assert.is(first.rules.length, 1)
  assert.is(again.content, readFileSync(join(pki, 'encryption.yaml'), 'utf8'))
  assert.is(again.content, first.content)
  assert.is(statSync(join(pki, 'encryption.yaml')).mode & 0o077, 0)
  const none = await Encryption.open({ file: undefined, pki: undefined, observe, log: assert.unreachable })
  assert.equal(none.rules, [])
})

test('for a store that others read no key is made; one that is there serves', async () => {
  const pki = join(folder, 'shared')
  const open = () => Encryption.open({ file: undefined, pki, isShared: true, observe, log: assert.unreachable })
  assert.equal((await open()).rules, [])
  assert.not(existsSync(pki))
  await Encryption.open({ file: undefined, pki, observe, log: assert.unreachable })
  assert.is((await open()).rules.length, 1)
})

test.run()
