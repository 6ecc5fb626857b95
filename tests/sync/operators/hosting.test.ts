import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../../src/apimachinery/clock.ts'
import type { KubeObject } from '../../../src/apimachinery/object.ts'
import type { Resource } from '../../../src/apimachinery/resource.ts'
import {
  clusterrolebindings,
  clusterroles,
  configmaps,
  customresourcedefinitions,
  events,
  mutatingwebhookconfigurations,
  namespaces,
  rolebindings,
  roles,
  secrets,
  serviceaccounts,
  validatingwebhookconfigurations,
} from '../../../src/apimachinery/resources.generated.ts'
import { isNotFound } from '../../../src/apimachinery/status.ts'
import { assembleApi } from '../../../src/cli/assembly/api/api.ts'
import type { Client } from '../../../src/client/client.ts'
import { inProcessClient } from '../../../src/client/in-process.ts'
import { startControllers } from '../../../src/controllers/index.ts'
import { customResource } from '../../../src/crd/authoring/custom-resource.ts'
import { schema } from '../../../src/crd/authoring/schema.ts'
import { installDefinition } from '../../../src/operators/install-definition.ts'
import { silentLog } from '../../../src/operators/log.ts'
import { applicationFor, applications } from '../../../src/sync/application/application.ts'
import type { GitUser } from '../../../src/sync/git/git-server.ts'
import { Repositories } from '../../../src/sync/git/repositories.ts'
import { operatorObjects } from '../../../src/sync/operators/operator-object.ts'
import { pusherAnnotation, pusherText } from '../../../src/sync/operators/pusher.ts'
import { helmChartRenderer } from '../../../src/sync/render/chart.ts'
import { type Sync, startSync } from '../../../src/sync/sync.ts'
import { eventually } from '../../eventually.ts'

interface World {
  client: Client
  push: (files: Record<string, string | Buffer>, pusher?: GitUser) => Promise<void>
  server: string
  sync: Sync
  stop: () => Promise<void>
}
const hosting = suite<World>('operators of repositories', undefined as never)
const at = { namespace: 'default' }
const admin: GitUser = { name: 'admin', groups: ['system:masters'] }

hosting.before.each(async (context) => {
  const data = mkdtempSync(join(tmpdir(), 'slipway-hosting-'))
  const { api, pki, close } = await assembleApi({ data, store: { kind: 'memory' }, serviceCidr: '10.43.0.0/16' })
  const listening = await api.listen({ port: 0, host: '127.0.0.1', ...pki.serving, clientCa: pki.caCert })
  context.server = `https://127.0.0.1:${listening.port}`
  const clientFor = (user: GitUser) => inProcessClient(api.handle, user)
  const client = clientFor(admin)
  context.client = client
  const stop = new AbortController()
  const folder = join(data, 'git')
  context.sync = await startSync({
    client,
    clientFor,
    authenticate: async () => admin,
    folder,
    packagesFolder: join(data, 'operators'),
    chartRenderer: helmChartRenderer,
    endpoint: { server: context.server, ca: pki.caCert },
    clock: systemClock,
    log: silentLog,
    signal: stop.signal,
  })
  // Objects that are pruned wait for those that they own.
  const only = (name: string) => name === 'garbage-collector'
  const collector = startControllers({ client, caBundle: 'PEM', clock: systemClock, log: silentLog, signal: stop.signal, only })
  const repositories = new Repositories(folder)
  context.push = (files, pusher = admin) => push(client, repositories, join(data, 'work'), files, pusher)
  context.stop = async () => {
    stop.abort()
    await Promise.all([context.sync.stopped, collector.stopped])
    await listening.close()
    await close()
    rmSync(data, { recursive: true })
  }
})
hosting.after.each(({ stop }) => stop())

/** Commits `files` and nothing else to the repository, and has the Application sync it, as a push does. */
async function push(
  client: Client,
  repositories: Repositories,
  work: string,
  files: Record<string, string | Buffer>,
  pusher: GitUser,
) {
  await repositories.create('ops')
  const bare = repositories.pathOf('ops')
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work)
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: work, encoding: 'utf8' }).trim()
  git('init', '--quiet', '--initial-branch=main')
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(work, path)), { recursive: true })
    writeFileSync(join(work, path), text)
  }
  git('add', '.')
  git('commit', '--quiet', '--allow-empty', '-m', 'x')
  git('push', '--quiet', '--force', bare, 'main')
  const commit = git('rev-parse', 'HEAD')
  const app = applicationFor('ops')
  const live = await client.get(applications, 'ops', { namespace: app.metadata.namespace ?? '' }).catch(ignoreMissing)
  const metadata = { ...app.metadata, annotations: { [pusherAnnotation]: pusherText(pusher, commit, live) } }
  const operation = { sync: { revision: commit, prune: true } }
  await client.apply(applications, { ...app, metadata, operation }, { fieldManager: 'test', force: true })
}

function ignoreMissing(error: unknown): undefined {
  if (!isNotFound(error)) throw error
}

const object = (spec: object = {}) =>
  JSON.stringify({
    apiVersion: 'slipway.dev/v1alpha1',
    kind: 'Operator',
    metadata: { name: 'copier' },
    spec: { module: 'src/copier.ts', ...spec },
  })
const copier = (reconcile: string, more = '') => `
import { defineOperator, resourceOf } from 'slipway/operators'
import { note } from './note.ts'
${more}
export default defineOperator({
  name: 'copier', for: resourceOf('ConfigMap'), owns: ['Secret'],
  async reconcile({ object, child, client }): Promise<undefined> {
    if (!object.metadata.labels?.copy) return
    ${reconcile}
  },
})`
const files = (text: string, spec: object = {}) => ({
  'operator.json': object(spec),
  'src/copier.ts': text,
  'src/note.ts': "export const note: string = 'from git'\n",
})
const readyOf = async (client: Client) => {
  const found = await client.get(operatorObjects, 'copier', at).catch((error: unknown) => {
    if (!isNotFound(error)) throw error
  })
  return found?.status?.conditions?.find((c) => c.type === 'Ready')
}
const patience = 20_000
const running = (client: Client) => eventually(async () => (await readyOf(client))?.status === 'True', patience)
const marked = { metadata: { name: 'a', labels: { copy: 'yes' }, ...at } }

hosting('the code of the commit runs, as its own account with the rights of its kinds, and says so', async ({ client, push }) => {
  await push(files(copier("child('Secret', { stringData: { note, user: typeof process.getuid } })")))
  await running(client)
  await client.create(configmaps, marked)
  await eventually(async () => (await client.list(secrets, at)).items.some((s) => s.metadata.name === 'a'), patience)
  const role = await client.get(roles, 'operator-copier', at)
  assert.ok(role.rules?.some((r) => r.resources?.[0] === 'secrets' && r.verbs.includes('delete')))
  const status = (await client.get(operatorObjects, 'copier', at)).status
  assert.equal(status?.operators, ['copier'])
  // What is no longer in Git is ended, and its rights are gone.
  await push({ 'src/note.ts': '' })
  await eventually(async () => (await readyOf(client)) === undefined, patience)
})

hosting(
  'code can neither read files, nor start programs, nor reach what is not listed, nor do what its account may not',
  async (world) => {
    const { client, push } = world
    const tries = `
    const said: Record<string, string> = {}
    const attempt = async (name: string, act: () => unknown) => { said[name] = await Promise.resolve().then(act).then(() => 'DONE', (e) => String(e.code ?? e.message)) }
    await attempt('read', () => fs.readFileSync('/etc/passwd'))
    await attempt('write', () => fs.writeFileSync('/tmp/x', ''))
    await attempt('spawn', () => cp.execFileSync('id'))
    await attempt('worker', () => new Worker('1', { eval: true }))
    await attempt('socket', () => new Promise((ok, no) => net.connect('/var/run/docker.sock').on('connect', ok).on('error', no)))
    await attempt('host', () => new Promise((ok, no) => net.connect(22, '127.0.0.1').on('connect', ok).on('error', no)))
    await attempt('listen', () => net.createServer().listen(0))
    await attempt('datagram', () => dgram.createSocket('udp4').send('x', 53, '127.0.0.1'))
    await attempt('nodes', () => client.list(resourceOf('Node')))
    await attempt('other', () => client.list(resourceOf('Secret'), { namespace: 'kube-system' }))
    child('Secret', { metadata: { annotations: said } })`
    const imports =
      "import fs from 'node:fs'\nimport cp from 'node:child_process'\nimport net from 'node:net'\nimport dgram from 'node:dgram'\nimport { Worker } from 'node:worker_threads'"
    await push(files(copier(tries, imports)))
    await running(client)
    await client.create(configmaps, marked)
    const found = async () => (await client.list(secrets, at)).items.find((s) => s.metadata.name === 'a')
    await eventually(async () => (await found()) !== undefined, patience)
    const said = (await found())?.metadata.annotations ?? {}
    for (const name of ['read', 'write', 'spawn', 'worker']) assert.is(said[name], 'ERR_ACCESS_DENIED', name)
    for (const name of ['socket', 'host', 'listen', 'datagram']) assert.match(said[name] ?? '', /not allowed/, name)
    for (const name of ['nodes', 'other']) assert.is(said[name], '403', name)
  },
)

hosting('a process that ends is started again, later each time, and its log says why', async ({ client, push, sync }) => {
  await push(files(copier("setTimeout(() => { throw new Error('no luck') })")))
  await running(client)
  await client.create(configmaps, marked)
  await eventually(async () => (await readyOf(client))?.reason === 'CrashLoopBackOff', patience)
  assert.match((await readyOf(client))?.message ?? '', /no luck; started again in 1 s/)
  await eventually(async () => ((await client.get(operatorObjects, 'copier', at)).status?.restarts ?? 0) >= 1, patience)
  assert.match(await logOf(sync), /slipway: the operator exited with 1: .*no luck/)
})

hosting('a module that cannot be loaded is told of; the next push is taken', async ({ client, push }) => {
  await push(files("import x from 'left-pad'\nexport default x\n"))
  await eventually(async () => (await readyOf(client))?.reason === 'CrashLoopBackOff', patience)
  assert.match((await readyOf(client))?.message ?? '', /src\/copier\.ts imports left-pad: it is neither a file of the repository/)
  await push(files(copier('')))
  await running(client)
})

const padded = (module: string) => `
import { defineOperator, resourceOf } from 'slipway/operators'
import { pad } from '${module}'
export default defineOperator({
  name: 'copier', for: resourceOf('ConfigMap'), owns: ['Secret'],
  reconcile({ object, child }): undefined {
    if (object.metadata.labels?.copy) child('Secret', { stringData: { text: pad('from git') } })
  },
})`
const packageFiles = {
  'package/package.json': '{ "name": "padding", "version": "1.0.0", "main": "lib/main.cjs" }',
  // It shares the runtime of the server, finds what is beside it, and nothing else.
  'package/lib/main.cjs': `const { token } = require('slipway/operators')
const path = require('path')
for (const name of ['koa', '../../../../../../etc/passwd']) {
  try { require(name); throw new Error('found ' + name) } catch (error) { if (error.code !== 'MODULE_NOT_FOUND') throw error }
}
exports.pad = (text) => require('./stars.cjs') + path.basename(text) + typeof token`,
  'package/lib/stars.cjs': "module.exports = '*** '",
}
const textOf = async (client: Client) => {
  const made = (await client.list(secrets, at)).items.find((s) => s.metadata.name === 'a')
  return made && Buffer.from(made.data?.text ?? '', 'base64').toString()
}

hosting('a package that stands in node_modules of the repository is used as it is', async ({ client, push }) => {
  const vendored = Object.entries(packageFiles).map(([path, text]) => [path.replace('package/', 'node_modules/padding/'), text])
  await push({ ...files(padded('padding')), ...Object.fromEntries(vendored), 'package.json': '{ "type": "module" }' })
  await running(client)
  await client.create(configmaps, marked)
  await eventually(async () => (await textOf(client)) === '*** from gitfunction', patience)
})

hosting(
  'a package of a lock is installed with its digest; without one that is told, and without a registry too',
  async (world) => {
    const { client, push } = world
    const work = mkdtempSync(join(tmpdir(), 'slipway-pack-'))
    for (const [path, text] of Object.entries(packageFiles)) {
      mkdirSync(dirname(join(work, path)), { recursive: true })
      writeFileSync(join(work, path), text)
    }
    execFileSync('tar', ['-czf', 'padding-1.0.0.tgz', 'package'], { cwd: work })
    const tarball = readFileSync(join(work, 'padding-1.0.0.tgz'))
    rmSync(work, { recursive: true })
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`
    const manifest = (dependencies: object) => JSON.stringify({ name: 'ops', version: '1.0.0', dependencies })
    const lock = (dependencies: object, entry: object) =>
      JSON.stringify({
        name: 'ops',
        version: '1.0.0',
        lockfileVersion: 3,
        packages: { '': { name: 'ops', version: '1.0.0', dependencies }, 'node_modules/padding': entry },
      })
    const local = { padding: 'file:vendor/padding-1.0.0.tgz' }
    const entry = { version: '1.0.0', resolved: local.padding, integrity }
    const pushed = { ...files(padded('padding')), 'src/package.json': manifest(local), 'src/vendor/padding-1.0.0.tgz': tarball }
    await push(pushed)
    await eventually(async () => (await readyOf(client))?.reason === 'PackagesFailed', patience)
    assert.match((await readyOf(client))?.message ?? '', /src\/package\.json asks for padding, and there is no package-lock/)
    // Another content than the lock says is refused.
    const wrong = { ...entry, integrity: `sha512-${Buffer.alloc(64).toString('base64')}` }
    await push({ ...pushed, 'src/package-lock.json': lock(local, wrong) })
    await eventually(async () => /is not what the lock says/.test((await readyOf(client))?.message ?? ''), patience)
    // A registry that is not there.
    const restore = setVariables({ npm_config_registry: 'http://127.0.0.1:1', npm_config_fetch_retry_mintimeout: '1' })
    await push({
      ...pushed,
      'src/package.json': manifest({ padding: '1.0.0' }),
      'src/package-lock.json': lock({ padding: '1.0.0' }, { version: '1.0.0', integrity }),
    })
    await eventually(async () => /the npm registry can not be reached/.test((await readyOf(client))?.message ?? ''), patience)
    restore()
    await push({ ...pushed, 'src/package-lock.json': lock(local, entry) })
    await running(client)
    await client.create(configmaps, marked)
    await eventually(async () => (await textOf(client)) === '*** from gitfunction', patience)
    const told = (await client.list(events, at)).items.map((e) => (e as { reason?: string }).reason)
    assert.ok(told.includes('PackagesFailed'))
  },
)

/** Of this process, which npm gets; gives back how to undo it. */
function setVariables(variables: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const)
  Object.assign(process.env, variables)
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
}

hosting('rights that the pusher could not give are not given', async ({ client, push }) => {
  await push(files(copier('')), { name: 'eve', groups: ['system:authenticated'] })
  await eventually(async () => (await readyOf(client))?.reason === 'NotAllowed', patience)
  assert.match((await readyOf(client))?.message ?? '', /^eve, who pushed it, may not give the rights/)
  const account = await client.get(serviceaccounts, 'operator-copier', at).catch((error: unknown) => error)
  assert.ok(isNotFound(account))
  // It is judged once, not over and over.
  const before = (await client.get(operatorObjects, 'copier', at)).metadata.resourceVersion
  await new Promise((resolve) => setTimeout(resolve, 3000))
  assert.is((await client.get(operatorObjects, 'copier', at)).metadata.resourceVersion, before)
})

hosting('an operator for a kind that is not served yet waits for it, and works when the kind comes', async ({ client, push }) => {
  const text = `
import { customResource, defineOperator, schema } from 'slipway/operators'
const Widget = customResource({ group: 'example.com', version: 'v1', kind: 'Widget', spec: schema.object({ size: schema.integer() }) })
export default defineOperator({
  name: 'copier', for: Widget, owns: ['ConfigMap'],
  reconcile: ({ object, child }) => void child('ConfigMap', { data: { size: String(object.spec.size) } }) as undefined,
})`
  await push(files(text))
  await eventually(async () => ['Starting', 'Ready'].includes((await readyOf(client))?.reason ?? ''), patience)
  const spec = schema.object({ size: schema.integer() })
  const Widget = customResource({ group: 'example.com', version: 'v1', kind: 'Widget', spec })
  await installDefinition(client, Widget.definition, AbortSignal.timeout(10_000), 'test')
  await running(client)
  await client.create(Widget, Widget.make({ name: 'w', ...at }, { size: 3 }))
  await eventually(async () => (await client.list(configmaps, at)).items.some((c) => c.data?.size === '3'), patience)
})

const widgets = (note = 'from the webhook', more = '') => `
import { customResource, defineOperator, schema } from 'slipway/operators'
export const Widget = customResource({
  group: 'example.com', version: 'v1', kind: 'Widget',
  spec: schema.object({ size: schema.integer(), note: schema.string().optional() }),
  otherVersions: [{ version: 'v1alpha1', spec: schema.object({ length: schema.integer() }) }],
})
export default defineOperator({
  name: 'widgets', for: Widget, owns: [], reconcile: () => undefined,
  ${more}
  validate: (w) => (w.spec.size > 9 ? [{ field: 'spec.size', message: 'is too large', value: w.spec.size }] : []),
  mutate: (w) => void (w.spec.note ??= '${note}') as undefined,
  convert: { v1alpha1: {
    up: (old) => ({ ...old, spec: { size: old.spec.length } }) as never,
    down: (w) => ({ ...w, spec: { length: w.spec.size } }) as never,
  } },
})`
const Widget = customResource({
  group: 'example.com',
  version: 'v1',
  kind: 'Widget',
  spec: schema.object({ size: schema.integer(), note: schema.string().optional() }),
  otherVersions: [{ version: 'v1alpha1', spec: schema.object({ length: schema.integer() }) }],
})
const old = { ...Widget, version: 'v1alpha1' } as unknown as Resource<KubeObject & { spec: { length: number } }>
const widgetFiles = (text: string, spec: object = {}) => ({
  ...files(text, spec),
  'widgets.json': JSON.stringify(Widget.definition),
})
const conversionOf = async (client: Client) =>
  (await client.get(customresourcedefinitions, 'widgets.example.com')).spec.conversion?.strategy

hosting('validate, mutate and convert of an operator from Git work, and go when it goes', async ({ client, push }) => {
  await push(widgetFiles(widgets()))
  await running(client)
  const made = await client.create(old, { metadata: { name: 'a', ...at }, spec: { length: 3 } })
  assert.is(made.spec.length, 3)
  assert.is((await client.get(Widget, 'a', at)).spec.size, 3)
  const mutated = await client.create(Widget, Widget.make({ name: 'm', ...at }, { size: 1 }))
  assert.is(mutated.spec.note, 'from the webhook')
  const refused = await client.create(Widget, Widget.make({ name: 'b', ...at }, { size: 10 })).catch((e) => e)
  assert.is(refused.code, 422)
  assert.match(refused.message, /spec\.size: Invalid value: 10: is too large/)
  // It is asked about its own namespace only, and its account may register nothing.
  await client.create(namespaces, { metadata: { name: 'other' } })
  await client.create(Widget, Widget.make({ name: 'b', namespace: 'other' }, { size: 10 }))
  const { items } = await client.list(clusterroles)
  const rules = items.filter((r) => r.metadata.name?.startsWith('slipway:operator:')).flatMap((r) => r.rules ?? [])
  assert.equal(rules, [
    { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], verbs: ['get', 'list', 'watch'] },
  ])
  // What somebody takes away is put back.
  await client.delete(validatingwebhookconfigurations, 'copier.default.operators.slipway.dev')
  await eventually(async () => (await client.list(validatingwebhookconfigurations)).items.length === 1, patience)
  await push({ 'widgets.json': JSON.stringify(Widget.definition) })
  await eventually(async () => (await readyOf(client)) === undefined, patience)
  for (const resource of [validatingwebhookconfigurations, mutatingwebhookconfigurations])
    assert.is((await client.list(resource as typeof validatingwebhookconfigurations)).items.length, 0)
  assert.is(await conversionOf(client), 'None')
  assert.equal(
    (await client.list(secrets, at)).items.map((s) => s.metadata.name).filter((n) => n?.endsWith('-tls')),
    [],
  )
  await client.create(Widget, Widget.make({ name: 'c', ...at }, { size: 10 }))
})

hosting('who asks while an operator is replaced waits for the new one, which has the same address', async ({ client, push }) => {
  await push(widgetFiles(widgets()))
  await running(client)
  const address = async () => (await client.get(operatorObjects, 'copier', at)).status?.webhooks
  const before = await address()
  assert.match(before ?? '', /^https:\/\/127\.0\.0\.1:\d+$/)
  const failed: string[] = []
  const notes = new Set<string>()
  let isOver = false
  const asking = (async () => {
    for (let i = 0; !isOver; i++)
      await client.create(Widget, Widget.make({ name: `w-${i}`, ...at }, { size: 1 })).then(
        (w) => notes.add(w.spec.note ?? ''),
        (e) => failed.push(e.message),
      )
  })()
  await push(widgetFiles(widgets('from the next')))
  await eventually(() => notes.has('from the next'), patience)
  isOver = true
  await asking
  assert.equal(failed, [])
  assert.is(await address(), before)
})

hosting('who asks while the process is started again waits; who asked it when it ended is told so', async ({ client, push }) => {
  const dies = "if (w.metadata.name === 'die') process.exit(3)"
  await push(
    widgetFiles(
      widgets()
        .replace('mutate: (w) =>', `mutate: (w) => { ${dies}; return ((w) =>`)
        .replace('as undefined,', 'as undefined)(w) },'),
    ),
  )
  await running(client)
  const make = (name: string) => client.create(Widget, Widget.make({ name, ...at }, { size: 1 }))
  const lost = await make('die').catch((error) => error)
  assert.is(lost.code, 500)
  assert.match(lost.message, /failed calling webhook "mutate-0/)
  assert.is((await make('next')).spec.note, 'from the webhook')
  await eventually(async () => ((await client.get(operatorObjects, 'copier', at)).status?.restarts ?? 0) >= 1, patience)
})

hosting('a webhook that is no longer defined is not asked any more', async ({ client, push }) => {
  await push(widgetFiles(widgets()))
  await running(client)
  await push(
    widgetFiles(
      widgets()
        .replace(/validate: .*|mutate: .*/g, '')
        .replace(/convert: \{[\s\S]*\} \},/, ''),
    ),
  )
  await eventually(async () => (await conversionOf(client)) === 'None', patience)
  await eventually(async () => (await client.list(mutatingwebhookconfigurations)).items.length === 0, patience)
  await eventually(async () => (await client.get(operatorObjects, 'copier', at)).status?.webhooks === undefined, patience)
  assert.equal(
    (await client.list(secrets, at)).items.map((s) => s.metadata.name).filter((n) => n?.endsWith('-tls')),
    [],
  )
  await client.create(Widget, Widget.make({ name: 'b', ...at }, { size: 10 }))
})

hosting('two operators that convert one kind do not fight: the second is told who does', async ({ client, push }) => {
  await push(widgetFiles(widgets()))
  await running(client)
  const second = { ...JSON.parse(object()), metadata: { name: 'second' } }
  await push({ ...widgetFiles(widgets()), 'second.json': JSON.stringify(second) })
  const readyOfSecond = async () => {
    const found = await client.get(operatorObjects, 'second', at).catch(ignoreMissing)
    return found?.status?.conditions?.find((c) => c.type === 'Ready')
  }
  await eventually(async () => (await readyOfSecond())?.reason === 'ConversionTaken', patience)
  assert.match((await readyOfSecond())?.message ?? '', /widgets\.example\.com are converted by the Operator default\/copier/)
  await running(client)
  // When the first goes, the second takes over.
  await push({
    'src/copier.ts': widgets(),
    'second.json': JSON.stringify(second),
    'widgets.json': JSON.stringify(Widget.definition),
  })
  await eventually(async () => (await readyOfSecond())?.status === 'True', patience)
  await eventually(async () => (await conversionOf(client)) === 'Webhook', patience)
})

hosting('webhooks that the pusher could not register are not registered', async ({ client, push }) => {
  await client.create(clusterroles, {
    metadata: { name: 'widgets' },
    rules: [
      { apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: ['example.com', '', 'coordination.k8s.io'], resources: ['*'], verbs: ['*'] },
    ],
  })
  await client.create(clusterrolebindings, {
    metadata: { name: 'widgets' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'widgets' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'eve' }],
  })
  await client.create(roles, {
    metadata: { name: 'rbac', ...at },
    rules: [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], verbs: ['*'] }],
  })
  await client.create(rolebindings, {
    metadata: { name: 'rbac', ...at },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'rbac' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'eve' }],
  })
  await push(widgetFiles(widgets()), { name: 'eve', groups: ['system:authenticated'] })
  await eventually(async () => (await readyOf(client))?.reason === 'NotAllowed', patience)
  assert.match((await readyOf(client))?.message ?? '', /validatingwebhookconfigurations/)
  assert.is((await client.list(validatingwebhookconfigurations)).items.length, 0)
})

hosting('an Operator that did not come from a repository is not run', async ({ client }) => {
  await client.create(operatorObjects, operatorObjects.make({ name: 'copier', ...at }, { module: 'src/copier.ts' }))
  await eventually(async () => (await readyOf(client))?.reason === 'NotFromGit', patience)
})

async function logOf(sync: Sync): Promise<string> {
  let text = ''
  const response = {
    writeHead: () => response,
    write: (part: string) => {
      text += part
    },
    end: (part = '') => {
      text += part
    },
    once: () => {},
  }
  await sync.handleLogs({ url: '/operators/default/copier/log', method: 'GET' } as never, response as never)
  return text
}

hosting.run()
