import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TreeFile } from '../../../src/sync/git/tree.ts'
import { installProblem } from '../../../src/sync/operators/npm-install.ts'
import { checkedLock, type Lock, planPackages } from '../../../src/sync/operators/package-plan.ts'

const tree = (files: Record<string, string>): TreeFile[] =>
  Object.entries(files).map(([path, text]) => ({ path, oid: text, read: async () => Buffer.from(text) }))
const integrity = 'sha512-aaaa'
const manifest = (dependencies: object, more: object = {}) => JSON.stringify({ name: 'x', dependencies, ...more })
const lockOf = (packages: object, lockfileVersion = 3) => JSON.stringify({ lockfileVersion, packages })
const problem = (files: Record<string, string>, module = 'ops/a.ts') =>
  planPackages(tree(files), module).then(
    () => 'none',
    (error: Error) => error.message,
  )

test('node_modules beside the operator, or above it, is taken before any lock', async () => {
  const files = { 'node_modules/p/index.js': '1', 'ops/a.ts': '', 'ops/package.json': '{}', 'package-lock.json': '' }
  assert.is(await planPackages(tree(files), 'ops/a.ts'), undefined)
  const { 'ops/package.json': _, ...above } = files
  const plan = await planPackages(tree(above), 'ops/a.ts')
  assert.is(plan?.kind === 'vendored' && plan.paths.join(), 'node_modules/p/index.js')
  const changed = await planPackages(tree({ ...above, 'node_modules/p/index.js': '2' }), 'ops/a.ts')
  assert.is.not(changed?.digest, plan?.digest)
})

test('a package.json that asks for nothing, or for Slipway only, needs no lock; one that asks does', async () => {
  assert.is(await problem({ 'ops/package.json': manifest({ slipway: '*' }, { devDependencies: { typescript: '*' } }) }), 'none')
  assert.match(
    await problem({ 'ops/package.json': manifest({ p: '1' }) }),
    /^ops\/package\.json asks for p, and there is no package-lock/,
  )
  assert.match(await problem({ 'ops/package.json': '{' }), /^ops\/package\.json: /)
})

test('of a lock what runs is kept, with its digest and without its address; a change of a manifest changes nothing', async () => {
  const packages = {
    '': { name: 'x', dependencies: { p: '1', slipway: 'file:../slipway' }, devDependencies: { t: '1' } },
    'node_modules/p': { version: '1.0.0', resolved: 'http://169.254.169.254/p.tgz', integrity },
    'node_modules/@s/q': { version: '1.0.0', integrity },
    'node_modules/t': { version: '1.0.0', dev: true },
    'node_modules/slipway': { resolved: '../slipway', link: true },
    '../slipway': { version: '0.1.0' },
  }
  const files = { 'ops/package.json': manifest({ p: '1' }), 'ops/package-lock.json': lockOf(packages) }
  const plan = await planPackages(tree(files), 'ops/a.ts')
  assert.is(plan?.kind === 'locked' && plan.count, 2)
  const kept = (JSON.parse(plan?.kind === 'locked' ? (plan.texts['package-lock.json'] ?? '') : '') as Lock).packages
  assert.equal(Object.keys(kept ?? {}), ['', 'node_modules/p', 'node_modules/@s/q'])
  assert.equal(kept?.['']?.dependencies, { p: '1' })
  assert.is(kept?.['node_modules/p']?.resolved, undefined)
  const again = await planPackages(tree({ ...files, 'ops/b.yaml': 'a' }), 'ops/a.ts')
  assert.is(again?.digest, plan?.digest)
})

test('a tarball of the repository is taken from it; one that is not there is told', async () => {
  const packages = { 'node_modules/p': { version: '1.0.0', resolved: 'file:vendor/p-1.0.0.tgz', integrity } }
  const files = { 'ops/package.json': manifest({ p: 'file:vendor/p-1.0.0.tgz' }), 'ops/package-lock.json': lockOf(packages) }
  assert.match(await problem(files), /the commit has no vendor\/p-1\.0\.0\.tgz/)
  const plan = await planPackages(tree({ ...files, 'ops/vendor/p-1.0.0.tgz': 'x' }), 'ops/a.ts')
  assert.equal(plan?.kind === 'locked' && plan.tarballs.map((t) => t.path), ['ops/vendor/p-1.0.0.tgz'])
})

test('a lock that would have to be believed is refused', () => {
  const refused = (entry: object, at = 'node_modules/p', version = 3) => {
    try {
      checkedLock({ lockfileVersion: version, packages: { [at]: entry } } as Lock, 'package-lock.json')
      return 'nothing'
    } catch (error) {
      return (error as Error).message
    }
  }
  assert.is(refused({ integrity }), 'nothing')
  assert.match(refused({}), /node_modules\/p: has no integrity/)
  assert.match(refused({ integrity: 'sha1-abc' }), /has no integrity/)
  assert.match(refused({ integrity, link: true }), /is a link/)
  assert.match(refused({ integrity, resolved: 'git+ssh://git@h/p.git#1' }), /neither of a registry nor a tarball/)
  assert.match(refused({ integrity, resolved: 'file:../../etc' }), /neither of a registry nor a tarball/)
  assert.match(refused({ integrity }, 'node_modules/../../p'), /no place of a package/)
  assert.match(refused({ integrity }, 'node_modules/p', 1), /version 1: make it anew/)
})

test('what npm says is told with what to do', () => {
  assert.match(installProblem('ENOENT'), /npm is not installed on the server/)
  const away =
    'npm error code ECONNREFUSED\nnpm error syscall connect\nnpm error FetchError: request to http://127.0.0.1:1/p failed, reason: connect ECONNREFUSED'
  assert.match(
    installProblem(away),
    /the npm registry can not be reached \(ECONNREFUSED, http:\/\/127\.0\.0\.1:1\/p\): set one .*, or commit node_modules/,
  )
  assert.match(
    installProblem('npm error code EINTEGRITY\nnpm error sha512-a integrity checksum failed'),
    /is not what the lock says: sha512-a/,
  )
})

test.run()
