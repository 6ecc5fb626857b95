import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { KubeObject } from '../../../src/apimachinery/object.ts'
import type { Resource } from '../../../src/apimachinery/resource.ts'
import {
  configmaps,
  customresourcedefinitions,
  leases,
  secrets,
  validatingwebhookconfigurations,
} from '../../../src/apimachinery/resources.generated.ts'
import { developOperators } from '../../../src/cli/dev/operator-reload.ts'
import type { Client } from '../../../src/client/client.ts'
import { silentLog } from '../../../src/operators/log.ts'
import { startTestServer } from '../../../src/testkit/start.ts'
import { testApi } from '../../api/test-api.ts'
import { eventually } from '../../eventually.ts'

interface Context {
  folder: string
  client: Client
  /** What a test began: ended after it, the last first, also when it failed. */
  ends: (() => unknown)[]
}

const dev = suite<Context>('slipway dev FILE', undefined as never)
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
  context.ends = [() => api.close()]
  context.folder = mkdtempSync(join(tmpdir(), 'slipway-dev-'))
  writeFileSync(join(context.folder, 'package.json'), '{ "type": "module" }')
  await client.create(configmaps, marked)
})
dev.after.each(async ({ folder, ends }) => {
  for (const end of ends.reverse()) await end()
  rmSync(folder, { recursive: true })
})

async function developing({ folder, client, ends }: Context) {
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
  ends.push(end)
  return { said, stop: end, save: (text: string) => writeFileSync(file, text) }
}
const noteOf = async (client: Client): Promise<string | undefined> => {
  const found = await client.list(secrets, { ...at, labelSelector: 'operators.slipway.dev/dev' })
  return found.items[0]?.metadata.annotations?.note
}

dev('what is saved is what runs, with the same queue and under the same lease', async ({ folder, client, ends }) => {
  writeFileSync(join(folder, 'operator.ts'), operator("child('Secret', { metadata: { annotations: { note: 'one' } } })"))
  const { said, save } = await developing({ folder, client, ends })
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
})

dev('a file that it imports counts too', async ({ folder, client, ends }) => {
  writeFileSync(join(folder, 'note.ts'), "export const note = 'one'\n")
  const text = operator(
    "child('Secret', { metadata: { annotations: { note } } })",
    "owns: ['Secret']",
    "import { note } from './note.ts'",
  )
  writeFileSync(join(folder, 'operator.ts'), text)
  await developing({ folder, client, ends })
  await eventually(async () => (await noteOf(client)) === 'one')
  writeFileSync(join(folder, 'note.ts'), "export const note = 'two'\n")
  await eventually(async () => (await noteOf(client)) === 'two')
})

dev('a mistake is told with its file; what ran before goes on, and the next save is taken', async ({ folder, client, ends }) => {
  writeFileSync(join(folder, 'operator.ts'), operator("child('Secret', { metadata: { annotations: { note: 'one' } } })"))
  const { said, save } = await developing({ folder, client, ends })
  save('export default {{\n')
  await eventually(() => said.length === 2)
  assert.match(said[1] ?? '', /operator\.ts:1: [\s\S]*what ran before goes on/)
  save(operator("child('Secret', { metadata: { annotations: { note: 'three' } } })"))
  await eventually(async () => (await noteOf(client)) === 'three')
})

const widgets = (largest: number, note: string, factor: number) => `
import { customResource, defineOperator, schema, webhook } from 'slipway/operators'
const Widget = customResource({
  group: 'example.com', version: 'v1', kind: 'Widget',
  spec: schema.object({ size: schema.integer(), note: schema.string().optional() }),
  otherVersions: [{ version: 'v1alpha1', spec: schema.object({ length: schema.integer() }) }],
})
export default defineOperator({
  name: 'dev', for: Widget, owns: [], reconcile: () => undefined,
  validate: (w) => (w.spec.size > ${largest} ? [{ field: 'spec.size', message: 'is too large' }] : []),
  mutate: (w) => void (w.spec.note ??= '${note}') as undefined,
  convert: { v1alpha1: {
    up: (old) => ({ ...old, spec: { size: (old.spec as any).length * ${factor} } }),
    down: (w) => ({ ...w, spec: { length: w.spec.size / ${factor} } }),
  } },
  webhooks: [webhook('ConfigMap', {
    operations: ['CREATE'], failurePolicy: 'Fail',
    validate: (m) => (m.data?.note === '${note}' ? [{ field: 'data.note', message: 'is forbidden' }] : []),
  })],
})`

dev(
  'webhooks are reloaded under the same lease and address; nobody who asks them meanwhile is turned away',
  async ({ folder, ends }) => {
    const server = await startTestServer({ controllers: [] })
    ends.push(() => server.stop())
    const { client } = server
    writeFileSync(join(folder, 'operator.ts'), widgets(5, 'one', 1))
    const { said, save, stop } = await developing({ folder, client, ends })
    const Widget = { group: 'example.com', version: 'v1', resource: 'widgets', kind: 'Widget', namespaced: true } as Resource<
      KubeObject & { spec: { size?: number; note?: string; length?: number } }
    >
    const old = { ...Widget, version: 'v1alpha1' }
    const make = (name: string, spec: object, resource = Widget) =>
      client.create(resource, { metadata: { name, ...at }, spec }).catch((error: Error) => error.message)
    await eventually(async () => /too large/.test(String(await make('large', { size: 6 }))))
    const registered = () =>
      client.get(validatingwebhookconfigurations, 'dev.operators.slipway.dev').then(
        ({ webhooks }) => webhooks?.map((w) => w.clientConfig.url),
        () => undefined,
      )
    const state = async () => {
      const { acquireTime, leaseTransitions } = (await client.get(leases, 'dev.operators.slipway.dev', at)).spec ?? {}
      return [acquireTime, leaseTransitions, await registered()]
    }
    await eventually(() =>
      state().then(
        () => true,
        () => false,
      ),
    )
    const before = await state()
    const odd: unknown[] = []
    const notes = new Set<string>()
    let isOver = false
    ends.push(() => {
      isOver = true
    })
    const asking = (async () => {
      for (let i = 0; !isOver; i++) {
        const made = await make(`w-${i}`, { size: 1 })
        if (typeof made === 'string') odd.push(made)
        else notes.add(made.spec.note ?? '')
      }
    })()
    save(widgets(29, 'two', 10))
    await eventually(() => notes.has('two'))
    isOver = true
    await asking
    assert.equal(odd, [])
    assert.equal(said, ['dev runs', 'dev reloaded'])
    assert.equal(await state(), before)
    assert.is(typeof (await make('larger', { size: 6 })), 'object')
    await make('old', { length: 2 }, old)
    assert.is((await client.get(Widget, 'old', at)).spec.size, 20)
    assert.match(String(await make('too-old', { length: 3 }, old)), /too large/)
    const forbidden = await client.create(configmaps, { metadata: { name: 'n', ...at }, data: { note: 'two' } }).catch((e) => e)
    assert.match(forbidden.message, /data\.note: is forbidden/)
    // One that is taken out is not asked any more, the others are.
    save(widgets(29, 'two', 10).replace(/ webhooks: [\s\S]*/, '})'))
    await eventually(async () => (await registered())?.length === 1)
    assert.match(String(await make('too-large', { size: 30 })), /too large/)
    await stop()
    assert.is(await registered(), undefined)
    assert.is(typeof (await make('at-last', { size: 30 })), 'object')
    const definition = await client.get(customresourcedefinitions, 'widgets.example.com')
    assert.is(definition.spec.conversion?.strategy, 'None')
  },
)

dev('an operator that follows other kinds is started anew', async ({ folder, client, ends }) => {
  writeFileSync(join(folder, 'operator.ts'), operator("child('Secret', {})"))
  const { said, save } = await developing({ folder, client, ends })
  save(operator("child('Secret', { metadata: { annotations: { note: 'four' } } })", "owns: ['Secret', 'Service']"))
  await eventually(async () => (await noteOf(client)) === 'four')
  assert.is(said[1], 'dev follows other kinds now: started anew')
})

dev.run()
