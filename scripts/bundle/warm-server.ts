// Starts what the pack starts, twice over the same directory, and asks it a little, then keeps the code that V8 compiled on the way in the pack.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configmaps, deployments } from '../../src/apimachinery/resources.generated.ts'
import { keepCaches } from './keep-caches.ts'
import { openPack } from './pack.ts'

const root = join(import.meta.dirname, '../..')
const path = process.argv[2] ?? ''
const pack = openPack(path, root)
if (!pack) throw new Error(`there is no ${path}: run scripts/bundle/build.ts`)

type TestKit = typeof import('../../src/testkit/public.ts')
type Operators = typeof import('../../src/operators/public.ts')
type Start = typeof import('../../src/cli/start.ts')
const { startTestServer } = pack.load('testkit.cjs') as TestKit
const { fromKubeconfig } = pack.load('operators.cjs') as Operators
const { main } = pack.load('start.cjs') as Start

const metadata = { name: 'warm', namespace: 'default' }
const deployment = {
  metadata,
  spec: {
    selector: { matchLabels: { app: 'warm' } },
    template: { metadata: { labels: { app: 'warm' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  },
}

const server = await startTestServer({ roles: true, controllers: 'all', nodes: ['warm'] })
await server.client.create(deployments, deployment, metadata)
await server.eventually(async () => (await server.list('Pod')).some((pod) => pod.status?.phase === 'Running'))
await server.stop()

const data = mkdtempSync(join(tmpdir(), 'slipway-warm-'))
const kubeconfig = join(data, 'kubeconfig')
/** Resolves when the API server says that it serves. */
const serving = () =>
  new Promise<void>((resolve) => {
    const write = process.stdout.write
    process.stdout.write = (chunk: string | Uint8Array) => {
      if (!String(chunk).includes('serving')) return true
      process.stdout.write = write
      resolve()
      return true
    }
  })
for (const verb of ['create', 'update'] as const) {
  const isServing = serving()
  const ended = main(['apiserver', '--data', data, '--port', '0', '--host', '127.0.0.1', '--write-kubeconfig', kubeconfig])
  await Promise.race([isServing, ended])
  const client = await fromKubeconfig(kubeconfig)
  await client[verb](configmaps, { metadata, data: { verb } }, metadata)
  await client.list(configmaps)
  process.kill(process.pid, 'SIGTERM')
  if ((await ended) !== 0) throw new Error('the packed API server does not start')
}
rmSync(data, { recursive: true })
keepCaches(pack, path)
process.exit()
