import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { configmaps, leases, secrets } from '../../../src/apimachinery/resources.generated.ts'
import { developOperators } from '../../../src/cli/dev/operator-reload.ts'
import type { Client } from '../../../src/client/client.ts'
import { silentLog } from '../../../src/operators/log.ts'
import { testApi } from '../../api/test-api.ts'
import { eventually as within } from '../../client/informer-server.ts'

/** A busy machine takes its time. */
const eventually = (holds: () => boolean | Promise<boolean>) => within(holds, 20_000)

const dev = suite<{ folder: string; client: Client; close: () => void }>('slipway dev FILE', undefined as never)
const at = { namespace: 'default' }
const marked = { metadata: { name: 'a', labels: { mine: 'yes' }, ...at } }

const operator = (reconcile: string, more = "owns: ['Secret']", imported = '') => `
import { defineOperator, resourceOf } from 'slipway/operators'

${imported}
export default defineOperator({
  name: 'dev', for: resourceOf('ConfigMap'), ${more},
  reconcile({ object, child }) { if (object.metadata.labels?.mine) ${reconcile}; return undefined },
})`

dev.before.each(async (context) => {
  const { api, client } = await testApi()
  context.client = client
  context.close = () => api.close()
  context.folder = mkdtempSync(join(tmpdir(), 'slipway-dev-'))
  writeFileSync(join(context.folder, 'package.json'), '{ "type": "module" }')
  await client.create(configmaps, marked)
})
dev.after.each(({ folder, close }) => {
  rmSync(folder, { recursive: true })
  close()
})

async function developing(folder: string, client: Client) {
  const stop = new AbortController()
  const said: string[] = []
  const file = join(folder, 'operator.ts')
  const say = (line: string) => void said.push(line)
  const server = 'https://127.0.0.1:6443'
  const running = await developOperators({ client, server, file, namespace: 'default', signal: stop.signal, log: silentLog, say })
  const end = () => {
    stop.abort()
    return running.stopped
  }
  return { said, stop: end, save: (text: string) => writeFileSync(file, text) }
}
const noteOf = async (client: Client): Promise<string | undefined> => {
  const found = await client.list(secrets, { ...at, labelSelector: 'operators.slipway.dev/dev' })
  return found.items[0]?.metadata.annotations?.note
}

dev('what is saved is what runs, with the same queue and under the same lease', async ({ folder, client }) => {
  writeFileSync(join(folder, 'operator.ts'), operator("child('Secret', { metadata: { annotations: { note: 'one' } } })"))
  const { said, save, stop } = await developing(folder, client)
  await eventually(async () => (await noteOf(client)) === 'one')
  const term = async () => (await client.get(leases, 'dev.operators.slipway.dev', at)).spec
  const before = await term()
  save(operator("child('Secret', { metadata: { annotations: { note: 'two' } } })"))
  await eventually(async () => (await noteOf(client)) === 'two')
  const { acquireTime, holderIdentity, leaseTransitions } = (await term()) ?? {}
  assert.equal(
    [acquireTime, holderIdentity, leaseTransitions],
    [before?.acquireTime, before?.holderIdentity, before?.leaseTransitions],
  )
  assert.equal(said, ['dev runs', 'dev reloaded'])
  await stop()
})

dev('a file that it imports counts too', async ({ folder, client }) => {
  writeFileSync(join(folder, 'note.ts'), "export const note = 'one'\n")
  const text = operator(
    "child('Secret', { metadata: { annotations: { note } } })",
    "owns: ['Secret']",
    "import { note } from './note.ts'",
  )
  writeFileSync(join(folder, 'operator.ts'), text)
  const { stop } = await developing(folder, client)
  await eventually(async () => (await noteOf(client)) === 'one')
  writeFileSync(join(folder, 'note.ts'), "export const note = 'two'\n")
  await eventually(async () => (await noteOf(client)) === 'two')
  await stop()
})

dev('a mistake is told with its file; what ran before goes on, and the next save is taken', async ({ folder, client }) => {
  writeFileSync(join(folder, 'operator.ts'), operator("child('Secret', { metadata: { annotations: { note: 'one' } } })"))
  const { said, save, stop } = await developing(folder, client)
  save('export default {{\n')
  await eventually(() => said.length === 2)
  assert.match(said[1] ?? '', /operator\.ts:1: [\s\S]*what ran before goes on/)
  save(operator("child('Secret', { metadata: { annotations: { note: 'three' } } })"))
  await eventually(async () => (await noteOf(client)) === 'three')
  await stop()
})

dev('an operator that follows other kinds is started anew', async ({ folder, client }) => {
  writeFileSync(join(folder, 'operator.ts'), operator("child('Secret', {})"))
  const { said, save, stop } = await developing(folder, client)
  save(operator("child('Secret', { metadata: { annotations: { note: 'four' } } })", "owns: ['Secret', 'Service']"))
  await eventually(async () => (await noteOf(client)) === 'four')
  assert.is(said[1], 'dev follows other kinds now: started anew')
  await stop()
})

dev.run()
