import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Header, isFresh, openPack } from '../../scripts/bundle/pack.ts'
import { writePack } from '../../scripts/bundle/write-pack.ts'

const root = mkdtempSync(join(tmpdir(), 'bundle-'))
const sourceOf = (path: string): Header['sources'][number] => {
  const { size, mtimeMs } = statSync(join(root, path))
  return [path, size, mtimeMs]
}

test.before(() => {
  mkdirSync(join(root, '.slipway/start'), { recursive: true })
  mkdirSync(join(root, 'src'))
})
test.after(() => rmSync(root, { recursive: true }))

test('a pack runs its chunks once, and each finds the others', () => {
  writeFileSync(join(root, 'src/a.ts'), 'a')
  const code = (body: string) => ({
    code: Buffer.from(`(function (exports, require, module) {${body}})`),
    cache: Buffer.alloc(0),
  })
  const chunks = new Map([
    ['a.cjs', code('exports.n = require("./b.cjs").n + 1; exports.sep = require("node:path").sep')],
    ['b.cjs', code('globalThis.packed = (globalThis.packed ?? 0) + 1; exports.n = globalThis.packed')],
  ])
  writePack(root, [sourceOf('src/a.ts')], chunks)
  const pack = openPack(root)
  assert.ok(pack)
  assert.equal([pack?.load('a.cjs').n, pack?.load('a.cjs').sep, pack?.load('b.cjs').n], [2, '/', 1])
  assert.throws(() => pack?.load('c.cjs'), /no chunk c\.cjs/)
})

test('a pack is fresh while every source has its size and time, and for this Node alone', () => {
  const header = openPack(root)?.header as Header
  assert.ok(isFresh(header, root))
  assert.not.ok(isFresh({ ...header, engine: 'v0' }, root))
  utimesSync(join(root, 'src/a.ts'), new Date(), new Date(Date.now() + 5000))
  assert.not.ok(isFresh(header, root))
  rmSync(join(root, 'src/a.ts'))
  assert.not.ok(isFresh(header, root))
})

test('where there is no pack, there is none', () => {
  assert.is(openPack(join(root, 'nowhere')), undefined)
})

test.run()
