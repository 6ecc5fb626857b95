import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { configmaps, namespaces } from '../../../src/apimachinery/resources.generated.ts'
import { isNotFound } from '../../../src/apimachinery/status.ts'
import { developFolder, removeAll } from '../../../src/cli/dev/folder-sync.ts'
import { applicationInventory, ownInventory } from '../../../src/cli/dev/inventory.ts'
import type { Client } from '../../../src/client/client.ts'
import { installDefinition } from '../../../src/operators/install-definition.ts'
import { applicationFor, applications } from '../../../src/sync/application/application.ts'
import { testApi } from '../../api/test-api.ts'
import { eventually } from '../../eventually.ts'

interface Context {
  folder: string
  client: Client
  /** What a test began: ended after it, the last first, also when it failed. */
  ends: (() => unknown)[]
}

const dev = suite<Context>('slipway dev FOLDER', undefined as never)
const at = { namespace: 'default' }

dev.before.each(async (context) => {
  const { api, client } = await testApi()
  context.client = client
  context.ends = [() => api.close()]
  context.folder = mkdtempSync(join(tmpdir(), 'slipway-dev-'))
})
dev.after.each(async ({ folder, ends }) => {
  for (const end of ends.reverse()) await end()
  rmSync(folder, { recursive: true })
})

const map = (name: string, value: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  value: "${value}"\n`
const valueIn = (client: Client, name: string) =>
  client.get(configmaps, name, at).then(
    // No garbage collector runs here: an object that is being deleted counts as gone.
    (found) => (found.metadata.deletionTimestamp ? undefined : found.data?.value),
    (error: unknown) => (isNotFound(error) ? undefined : Promise.reject(error)),
  )

async function developing({ folder, client, ends }: Context) {
  const stop = new AbortController()
  const said: string[] = []
  const inventory = await ownInventory(client, 'work', 'default')
  const say = (line: string) => void said.push(line)
  const { saves, stopped } = await developFolder({ client, folder, inventory, signal: stop.signal, say })
  await saves.settled()
  const end = () => {
    stop.abort()
    return stopped
  }
  ends.push(end)
  return { said, end, inventory }
}

dev('what is saved is applied, and what is deleted is deleted', async ({ folder, client, ends }) => {
  writeFileSync(join(folder, 'a.yaml'), map('a', '1'))
  const { said } = await developing({ folder, client, ends })
  assert.is(await valueIn(client, 'a'), '1')
  assert.match(said[0] ?? '', /^1 to create/)
  writeFileSync(join(folder, 'b.yaml'), map('b', '1'))
  writeFileSync(join(folder, 'a.yaml'), map('a', '2'))
  await eventually(async () => (await valueIn(client, 'a')) === '2' && (await valueIn(client, 'b')) === '1')
  rmSync(join(folder, 'a.yaml'))
  await eventually(async () => (await valueIn(client, 'a')) === undefined)
})

dev('a mistake is told with file and line, and changes nothing', async ({ folder, client, ends }) => {
  writeFileSync(join(folder, 'a.yaml'), map('a', '1'))
  const { said } = await developing({ folder, client, ends })
  writeFileSync(join(folder, 'a.yaml'), map('a', '2').replace('\ndata:', '\ndatum:'))
  await eventually(() => said.includes('nothing is changed'))
  assert.match(said.join('\n'), /a\.yaml:5:1: .*datum/)
  assert.is(await valueIn(client, 'a'), '1')
})

dev('a file that is empty while it is being written deletes nothing', async ({ folder, client, ends }) => {
  writeFileSync(join(folder, 'a.yaml'), map('a', '1'))
  const { said } = await developing({ folder, client, ends })
  writeFileSync(join(folder, 'a.yaml'), '')
  const writing = setTimeout(() => writeFileSync(join(folder, 'a.yaml'), map('a', '2')), 30)
  ends.push(() => clearTimeout(writing))
  await eventually(async () => (await valueIn(client, 'a')) === '2')
  assert.not.match(said.join('\n'), /1 to delete/)
})

dev('what a folder no longer has is deleted also when it went while nobody looked', async ({ folder, client, ends }) => {
  writeFileSync(join(folder, 'a.yaml'), map('a', '1'))
  writeFileSync(join(folder, 'b.yaml'), map('b', '1'))
  await (await developing({ folder, client, ends })).end()
  rmSync(join(folder, 'a.yaml'))
  const { end, inventory } = await developing({ folder, client, ends })
  assert.is(await valueIn(client, 'a'), undefined)
  assert.is(await valueIn(client, 'b'), '1')
  await end()
  assert.is(await removeAll({ client, inventory, signal: AbortSignal.timeout(10_000) }), 1)
  assert.is(await valueIn(client, 'b'), undefined)
})

dev('in place of an Application: it does not sync meanwhile, and does again afterwards', async ({ client }) => {
  const text = readFileSync(join(import.meta.dirname, '../../../schemas/crds/application.yaml'), 'utf8')
  await installDefinition(client, parse(text) as object, AbortSignal.timeout(10_000), 'test')
  await client.create(namespaces, { metadata: { name: 'argocd' } })
  await client.create(applications, applicationFor('demo'))
  const automated = async () => (await client.get(applications, 'demo', { namespace: 'argocd' })).spec.syncPolicy?.automated
  const inventory = await applicationInventory(client, 'demo')
  assert.is(inventory.tracking, 'demo')
  assert.is((await automated())?.enabled, false)
  await inventory.close()
  assert.equal(await automated(), { prune: true, selfHeal: true })
})

dev.run()
