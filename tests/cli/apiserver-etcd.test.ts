import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openPki } from '../../src/api/auth/pki.ts'
import { configmaps, secrets } from '../../src/apimachinery/resources.generated.ts'
import { startEtcd } from '../store/etcd-server.ts'
import { startApiServer } from './apiserver-process.ts'

const test = suite('slipway apiserver --store etcd')
const folder = mkdtempSync(join(tmpdir(), 'slipway-ha-'))
const inDefault = { namespace: 'default' }

test('of two servers on one etcd over TLS one is killed with -9 under load: nothing acknowledged is lost, watches go on', async () => {
  // Any authority will do for etcd: this one signs servers and clients.
  const pki = await openPki({ directory: join(folder, 'etcd-pki'), serviceAddress: '127.0.0.1' })
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const ca = file('ca.pem', pki.caCert)
  const etcd = await startEtcd({
    scheme: 'https',
    flags: [
      ...['--cert-file', file('server.pem', pki.serving.cert), '--key-file', file('server.key', pki.serving.key)],
      ...['--client-cert-auth', '--trusted-ca-file', ca],
    ],
  })
  const flags = [
    ...['--store', 'etcd', '--etcd-servers', etcd.url, '--etcd-cafile', ca],
    ...['--etcd-certfile', file('client.pem', pki.admin.cert), '--etcd-keyfile', file('client.key', pki.admin.key)],
  ]
  const data = join(folder, 'data')
  const first = await startApiServer(data, flags)
  const second = await startApiServer(data, flags)
  const stop = new AbortController()
  const watched = new Set<string>()
  let wake = () => {}
  const watching = (async () => {
    for await (const batch of second.client.watch(configmaps, { ...inDefault, resourceVersion: '0', signal: stop.signal })) {
      for (const event of batch) watched.add(event.object.metadata.name ?? '')
      wake()
    }
  })().catch(() => {})
  const acknowledged: string[] = []
  const writer = async (w: number) => {
    for (let i = 0; ; i++) {
      const name = `c-${w}-${i}`
      try {
        await first.client.create(configmaps, { metadata: { name } } as never, inDefault)
      } catch {
        return
      }
      acknowledged.push(name)
      if (acknowledged.length === 200) void first.kill()
    }
  }
  await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(writer))
  assert.ok(acknowledged.length >= 200)
  const { items } = await second.client.list(configmaps, inDefault)
  const names = new Set(items.map((i) => i.metadata.name))
  assert.equal(
    acknowledged.filter((name) => !names.has(name)),
    [],
  )
  while (!acknowledged.every((name) => watched.has(name))) {
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
  stop.abort()
  await watching
  await second.kill('SIGTERM')
  assert.is(second.process.exitCode, 0)
  await etcd.remove()
})

test('servers with keys of their own serve one cluster, Secrets too; the second one says what it does not share', async () => {
  const etcd = await startEtcd()
  const flags = ['--store', 'etcd', '--etcd-servers', etcd.url]
  const [first, second] = await Promise.all(['one', 'two'].map((name) => startApiServer(join(folder, name), flags)))
  assert.ok(first && second)
  const warnings = [first, second].filter((s) =>
    s.output().includes('warning: this etcd has the cluster of a server with other keys'),
  )
  assert.is(warnings.length, 1)
  await first.client.create(secrets, { metadata: { name: 's' }, stringData: { a: 'b' } } as never, inDefault)
  const read = (await second.client.get(secrets, 's', inDefault)) as { data?: Record<string, string> }
  assert.equal(read.data, { a: 'Yg==' })
  await second.client.delete(secrets, 's', inDefault)
  assert.equal((await first.client.list(secrets, inDefault)).items, [])
  await Promise.all([first.kill('SIGTERM'), second.kill('SIGTERM')])
  await etcd.remove()
})

test('--store etcd without servers says what is missing', async () => {
  const error = await startApiServer(join(folder, 'none'), ['--store', 'etcd']).catch((e: Error) => e.message)
  assert.match(String(error), /--store etcd: needs --etcd-servers, for example http:/)
})

test.after(() => rmSync(folder, { recursive: true, force: true }))
test.run()
