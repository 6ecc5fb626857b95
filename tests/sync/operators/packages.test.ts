import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { NpmRun } from '../../../src/sync/operators/npm-install.ts'
import { type PackagePlan, PackagesError } from '../../../src/sync/operators/package-plan.ts'
import { Packages } from '../../../src/sync/operators/packages.ts'
import { createVirtualClock } from '../../../src/testkit/virtual-clock.ts'
import { eventually } from '../../eventually.ts'

const source = { gitdir: '/', commit: '', path: '.' }
const planOf = (digest: string): PackagePlan & { kind: 'locked' } => ({
  kind: 'locked',
  digest,
  folder: 'ops/',
  count: 1,
  texts: { 'package.json': '{}' },
  tarballs: [],
})

function prepared(install: (run: NpmRun) => Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-packages-'))
  const clock = createVirtualClock()
  return { folder, clock, packages: new Packages({ folder, clock, install }), remove: () => rmSync(folder, { recursive: true }) }
}
const write = (folder: string, name: string, text: string) => {
  mkdirSync(join(folder, 'node_modules/p'), { recursive: true })
  writeFileSync(join(folder, 'node_modules/p', name), text)
}

test('a content is installed once, also for the next server, and holds no links', async () => {
  let installs = 0
  const install = async ({ folder }: NpmRun) => {
    installs++
    write(folder, 'index.js', '1')
    symlinkSync('/etc', join(folder, 'node_modules/p/etc'))
  }
  const { folder, clock, packages, remove } = prepared(install)
  // Of one that was killed while it installed.
  mkdirSync(join(folder, '.partial-x'))
  const [first, second] = await Promise.all([packages.prepare(planOf('a'), source), packages.prepare(planOf('a'), source)])
  assert.is(first, second)
  assert.is(readFileSync(join(first, 'ops/node_modules/p/index.js'), 'utf8'), '1')
  assert.equal(readdirSync(join(first, 'ops/node_modules/p')), ['index.js'])
  assert.is(await new Packages({ folder, clock, install }).prepare(planOf('a'), source), first)
  assert.is(installs, 1)
  assert.equal(readdirSync(folder), ['a'])
  remove()
})

test('a failure leaves nothing, is told until a minute has passed, and is tried again then', async () => {
  let fails = true
  const { folder, clock, packages, remove } = prepared(async () => {
    if (fails) throw new PackagesError('no registry')
  })
  let told = 0
  const state = () => packages.stateOf(planOf('a'), source, () => told++)
  assert.is(state().phase, 'preparing')
  await eventually(() => told === 1)
  assert.equal(state(), { phase: 'failed', message: 'no registry', at: clock.now() })
  assert.equal(readdirSync(folder), [])
  fails = false
  await clock.advance(60_000)
  assert.is(state().phase, 'preparing')
  await eventually(() => state().phase === 'ready')
  remove()
})

test('an install that ends while it is measured is not measured again', async () => {
  const { clock, packages, remove } = prepared(async ({ folder }) => {
    write(folder, 'index.js', '1')
    await clock.advance(1000)
  })
  // What it wrote is looked through once more before it is there: after the measurement that was begun.
  await packages.prepare(planOf('a'), source)
  assert.is(clock.pending(), 0)
  remove()
})

test('an install that takes too long, or writes too much, is ended', async () => {
  const until = ({ signal }: NpmRun) =>
    new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
  const slow = prepared(until)
  const late = slow.packages.prepare(planOf('a'), source).catch((error: Error) => error.message)
  const ended = { is: false }
  void late.then(() => {
    ended.is = true
  })
  await eventually(async () => {
    await slow.clock.advance(10_000)
    return ended.is
  })
  assert.match(await late, /not there within 120 s/)
  const large = prepared(async (run) => {
    write(run.folder, 'big', '')
    truncateSync(join(run.folder, 'node_modules/p/big'), 257 << 20)
    await until(run)
  })
  const much = large.packages.prepare(planOf('a'), source).catch((error: Error) => error.message)
  const over = { is: false }
  void much.then(() => {
    over.is = true
  })
  await eventually(async () => {
    await large.clock.advance(1000)
    return over.is
  })
  assert.match(await much, /more than 256 MiB/)
  for (const { remove } of [slow, large]) remove()
})

test.run()
