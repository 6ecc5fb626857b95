import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { freshPack, type Header, isFresh, openPack } from '../../scripts/bundle/pack.ts'
import { writePack } from '../../scripts/bundle/write-pack.ts'

const root = mkdtempSync(join(tmpdir(), 'bundle-'))
const path = join(root, 'a.pack')
const sourceOf = (path: string): Header['sources'][number] => {
  const { size, mtimeMs } = statSync(join(root, path))
  return [path, size, mtimeMs]
}

test.before(() => mkdirSync(join(root, 'src')))
test.after(() => rmSync(root, { recursive: true }))

test('a pack runs its chunks once, and each finds the others', () => {
  writeFileSync(join(root, 'src/a.ts'), 'a')
  const code = (body: string) => ({
    code: Buffer.from(`(function (exports, require, module, place) {${body}})`),
    cache: Buffer.alloc(0),
  })
  const chunks = new Map([
    [
      'a.cjs',
      code('exports.n = require("./b.cjs").n + 1; exports.sep = require("node:path").sep; exports.at = place("src/a.ts")'),
    ],
    ['b.cjs', code('globalThis.packed = (globalThis.packed ?? 0) + 1; exports.n = globalThis.packed')],
  ])
  writePack(path, [sourceOf('src/a.ts')], chunks)
  const pack = openPack(path, root)
  assert.ok(pack)
  assert.equal([pack?.load('a.cjs').n, pack?.load('a.cjs').sep, pack?.load('b.cjs').n], [2, '/', 1])
  assert.equal(pack?.load('a.cjs').at, { url: pathToFileURL(join(root, 'src/a.ts')).href, dirname: join(root, 'src') })
  assert.throws(() => pack?.load('c.cjs'), /no chunk c\.cjs/)
})

test('a pack is fresh while every source has its size and time, and for this Node alone', () => {
  const header = openPack(path, root)?.header as Header
  assert.ok(isFresh(header, root))
  assert.not.ok(isFresh({ ...header, engine: 'v0' }, root))
  utimesSync(join(root, 'src/a.ts'), new Date(), new Date(Date.now() + 5000))
  assert.not.ok(isFresh(header, root))
  rmSync(join(root, 'src/a.ts'))
  assert.not.ok(isFresh(header, root))
})

test("a pack without sources is a package's: always fresh, on every Node; code compiled by another one is not taken", () => {
  const code = Buffer.from('(function (exports) {exports.n = 1})')
  writePack(path, [], new Map([['a.cjs', { code, cache: Buffer.from('of another engine') }]]))
  const pack = freshPack(path, root)
  assert.ok(pack && isFresh({ ...pack.header, engine: 'v0' }, root))
  assert.is(pack?.load('a.cjs').n, 1)
  assert.is(pack?.scripts.get('a.cjs')?.cachedDataRejected, true)
})

test('where there is no pack, there is none', () => {
  assert.is(openPack(join(root, 'nowhere'), root), undefined)
})

test.run()
