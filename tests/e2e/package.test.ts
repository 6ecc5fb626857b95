import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually, freePort, kubectlPath, run } from './cluster.ts'
import { cpuSeconds, median } from './cpu-seconds.ts'
import { type Daemon, dockerDaemon } from './docker.ts'

/** What `npm pack` makes, installed where there is no checkout: everything that it needs at run time must be in it. */
const test = suite('the published package')
const root = resolve(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'slipway-package-'))
const bin = join(folder, 'node_modules/.bin/slipway')
const data = join(folder, 'data')
/** Without what npm tells its scripts: `npm test` would have the npm that the test runs work in this checkout. */
const inherited = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => name !== 'GIT_SSL_CAINFO' && name !== 'INIT_CWD' && !name.startsWith('npm_')),
)
/** This test's own Node is the one found first. */
const env: NodeJS.ProcessEnv = { ...inherited, PATH: `${dirname(process.execPath)}:${process.env.PATH}`, SLIPWAY_DATA: data }
let docker: Daemon | undefined

const slipway = (...args: string[]) => run(bin, args, { cwd: folder, env })
const kubectl = async (...args: string[]): Promise<string> => {
  const { status, stdout, stderr } = await run(kubectlPath(), args, { cwd: folder, env })
  if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`)
  return stdout
}

test.before(async () => {
  docker = await dockerDaemon()
  env.DOCKER_HOST = docker.host
  const pack = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root, env, seconds: 400 })
  if (pack.status !== 0) console.error(pack.stderr)
  mkdirSync(join(folder, 'node_modules'))
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? ''
  const install = await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', `./${tarball}`], {
    cwd: folder,
    env,
    seconds: 400,
  })
  if (install.status !== 0) console.error(install.stderr)
})
test.after(async () => {
  await slipway('down', '--purge')
  await docker?.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('its command runs, from compiled sources, and every verb loads', async () => {
  assert.match((await slipway('version')).stdout, /slipway 0\.\d/)
  const verbs = [...(await slipway('--help')).stdout.matchAll(/^ {2}([a-z]+) {2,}/gm)].map((m) => m[1] ?? '')
  assert.ok(verbs.length > 8)
  for (const verb of verbs.filter((v) => v !== 'slipway')) {
    const help = await slipway(verb, '--help')
    assert.is(help.status, 0, `${verb}: ${help.stderr}`)
  }
  assert.not(existsSync(join(folder, 'node_modules/slipway/src')))
})

test('it makes and renders charts', async () => {
  assert.is((await slipway('chart', 'create', 'mine')).status, 0)
  const { stdout, stderr } = await slipway('chart', 'template', 'r', './mine')
  assert.match(stdout, /kind: Deployment/, stderr)
})

test('its chart verbs start as quickly as those of the checkout', async () => {
  const at = join(root, 'charts/web')
  const sides = { package: bin, checkout: join(root, 'bin/slipway') }
  const spent = { package: [] as number[], checkout: [] as number[] }
  for (let turn = 0; turn < 7; turn++)
    for (const side of ['package', 'checkout'] as const)
      spent[side].push(await cpuSeconds(sides[side], ['chart', 'template', 'r', at], env))
  const [installed, here] = [median(spent.package), median(spent.checkout)]
  // Without its pack it takes more than twice as long.
  assert.ok(installed < here * 1.5, `${installed} s of processor time, ${here} s from the checkout`)
})

test('it serves the API alone', async () => {
  const port = await freePort()
  const kubeconfig = join(folder, 'api.kubeconfig')
  const args = ['apiserver', '--data', join(folder, 'api'), '--port', String(port), '--write-kubeconfig', kubeconfig]
  const server = spawn(bin, args, { cwd: folder, env, stdio: 'ignore' })
  try {
    const created = await eventually('it answers', () => kubectl('--kubeconfig', kubeconfig, 'create', 'namespace', 'here'), 30)
    assert.match(created, /namespace\/here created/)
    assert.match(await kubectl('--kubeconfig', kubeconfig, 'explain', 'deployment.spec'), /Number of desired pods/)
  } finally {
    const ended = once(server, 'exit')
    server.kill('SIGTERM')
    await ended
  }
})

test('up --demo: the example answers; down --purge removes it', async () => {
  const up = spawn(bin, ['up', '--demo', '--port', String(await freePort())], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  up.stdout.setEncoding('utf8').on('data', (piece: string) => (output += piece))
  await eventually('the demo is up', async () => /^stop: /m.test(output), 90)
  assert.match(output, /open: +http:\/\/127\.0\.0\.1:\d+\/ \(answers\)/)
  assert.match(await kubectl('--kubeconfig', join(data, 'kubeconfig'), 'get', 'deployment', 'web'), /web +3\/3/)
  assert.is((await slipway('down', '--purge')).status, 0)
  assert.not(existsSync(data))
})

test.run()
