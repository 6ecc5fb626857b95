import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { HistoryItem } from '../../src/api/history/object-history.ts'
import { configmaps, namespaces, secrets } from '../../src/apimachinery/resources.generated.ts'
import { startApiServer } from './apiserver-process.ts'
import { slipway } from './slipway.ts'

const test = suite('time travel and backup')
const folder = mkdtempSync(join(tmpdir(), 'slipway-time-'))
const data = join(folder, 'data')
let server = await startApiServer(data)
const inDefault = { namespace: 'default' }
const settings = (mode: string) => ({ metadata: { name: 'settings' }, data: { mode } }) as never
const first = await server.client.create(configmaps, settings('calm'), { ...inDefault, fieldManager: 'maker' })
const second = await server.client.update(configmaps, settings('wild'), inDefault)
await server.client.delete(configmaps, 'settings', inDefault)
const at = (args: string[]) => slipway(...args, '--kubeconfig', server.kubeconfig)

test('history tells who changed an object, by which manager, when, and what, of a deleted one too', async () => {
  const { stdout, status } = await at(['history', 'cm/settings'])
  assert.is(status, 0)
  const lines = stdout.trimEnd().split('\n')
  assert.match(
    lines[0] ?? '',
    new RegExp(`^${first.metadata.resourceVersion}  \\d{4}-\\d\\d-\\d\\dT[\\d:]+Z  made by .*with maker \\(create\\)`),
  )
  assert.match(lines[1] ?? '', new RegExp(`^${second.metadata.resourceVersion}  .* changed by .*\\(update\\)`))
  assert.is(lines[2], '      data.mode: calm → wild')
  assert.match(lines[3] ?? '', / deleted by .*\(delete\)/)
  const json = JSON.parse((await at(['history', 'configmap', 'settings', '-o', 'json'])).stdout) as { items: HistoryItem[] }
  assert.equal(
    json.items.map((i) => [i.type, (i.object as { data?: { mode?: string } }).data?.mode]),
    [
      ['ADDED', 'calm'],
      ['MODIFIED', 'wild'],
      ['DELETED', 'wild'],
    ],
  )
  assert.is(json.items[0]?.object?.metadata.resourceVersion, first.metadata.resourceVersion)
})

test('get --at shows an object and a namespace as of a revision or a time', async () => {
  const then = first.metadata.resourceVersion ?? ''
  const one = await at(['get', 'cm/settings', '--at', then, '-o', 'json'])
  assert.is(JSON.parse(one.stdout).data.mode, 'calm')
  const all = await at(['get', 'cm', '--at', second.metadata.resourceVersion ?? '', '-o', 'json'])
  assert.equal(
    JSON.parse(all.stdout).items.map((c: { metadata: { name: string } }) => c.metadata.name),
    ['settings'],
  )
  const { items } = JSON.parse((await at(['history', 'cm/settings', '-o', 'json'])).stdout) as { items: HistoryItem[] }
  const gone = await at(['get', 'cm/settings', '--at', new Date(Date.parse(items[2]?.time ?? '') + 1000).toISOString()])
  assert.match(gone.stderr, /configmaps "settings" not found/)
  const before = await at(['get', 'cm/settings', '--at', '2001-01-01T00:00:00Z'])
  assert.match(before.stderr, /2001-01-01T00:00:00.000Z is no longer kept/)
  assert.match((await at(['get', 'cm', '--at', '999999999'])).stderr, /revision 999999999 is not written yet/)
  assert.match((await at(['get', 'cm', '--at', 'yesterday'])).stderr, /at: must be a revision, a time such as/)
  assert.match((await at(['get', 'nothings'])).stderr, /nothings: the cluster serves no such kind/)
  assert.match((await at(['get', 'ns', '--at', then])).stdout, /^NAME +STATUS +AGE\ndefault +Active/)
})

test('the content of Secrets is not shown in what people read', async () => {
  const secret = (p: string) => ({ metadata: { name: 's' }, stringData: { p } }) as never
  await server.client.create(secrets, secret('hunter2'), inDefault)
  await server.client.update(secrets, secret('hunter3'), inDefault)
  const { stdout } = await at(['history', 'secret/s'])
  assert.match(stdout, /data\.p: \(hidden\) → \(hidden\)/)
})

test('a backup of a running server brings everything back; no revision comes again; the keys come with it', async () => {
  const file = join(folder, 'backup.gz')
  mkdirSync(join(data, 'git', 'demo.git', 'refs'), { recursive: true })
  writeFileSync(join(data, 'git', 'demo.git', 'HEAD'), 'ref: refs/heads/main\n')
  let stop = false
  const writing = (async () => {
    for (let i = 0; !stop; i++) await server.client.create(configmaps, { metadata: { name: `busy-${i}` } } as never, inDefault)
  })()
  const made = await slipway('backup', file, '--data', data, '--kubeconfig', server.kubeconfig, '-o', 'json')
  stop = true
  await writing
  assert.is(made.status, 0, made.stderr)
  assert.is(statSync(file).mode & 0o777, 0o600)
  const later = await server.client.create(configmaps, { metadata: { name: 'later' } } as never, inDefault)
  await server.kill('SIGTERM')

  const refused = await slipway('restore', file, '--data', data)
  assert.match(refused.stderr, /has data \(store, store-lock, pki, git\): name another by --data, or put it aside with --replace/)
  const restored = await slipway('restore', file, '--data', data, '--replace')
  assert.is(restored.status, 0, restored.stderr)
  assert.is(readFileSync(join(data, 'git', 'demo.git', 'HEAD'), 'utf8'), 'ref: refs/heads/main\n')
  assert.ok(readdirSync(data).some((name) => name.startsWith('replaced-')))
  assert.not.ok(readFileSync(join(data, 'store')).includes(Buffer.from('hunter3').toString('base64')))

  server = await startApiServer(data)
  const { items, metadata } = await server.client.list(configmaps, inDefault)
  assert.not.ok(items.some((c) => c.metadata.name === 'later'))
  assert.ok(Number(metadata.resourceVersion) > Number(later.metadata.resourceVersion))
  const { revision } = JSON.parse(made.stdout) as { revision: number }
  const busy = items.filter((c) => c.metadata.name?.startsWith('busy-')).map((c) => Number(c.metadata.resourceVersion))
  assert.ok(busy.every((v) => v <= revision))
  assert.is((await server.client.get(secrets, 's', inDefault)).data?.p, Buffer.from('hunter3').toString('base64'))
  await server.client.create(namespaces, { metadata: { name: 'after' } } as never)
  const old = server.client.watch(configmaps, { ...inDefault, resourceVersion: String(revision) })
  const error = await old[Symbol.asyncIterator]()
    .next()
    .catch((e: { reason?: string }) => e.reason)
  assert.is(error, 'Expired')
})

test('a backup that is cut off, or is none, is refused and changes nothing', async () => {
  const file = join(folder, 'backup.gz')
  truncateSync(file, statSync(file).size - 100)
  const other = join(folder, 'other')
  assert.match((await slipway('restore', file, '--data', other)).stderr, /cut off/)
  assert.equal(readdirSync(other), [])
  writeFileSync(file, 'hello')
  assert.match((await slipway('restore', file, '--data', other)).stderr, /no backup of Slipway/)
  writeFileSync(file, gzipSync('{"format":"slipway-backup","version":2}\n{"lines":1}\n'))
  assert.match((await slipway('restore', file, '--data', other)).stderr, /is a backup of form 2, this Slipway reads form 1/)
  assert.match((await slipway('restore', join(folder, 'none'), '--data', other)).stderr, /there is no file/)
})

test.after(async () => {
  await server.kill('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
})
test.run()
