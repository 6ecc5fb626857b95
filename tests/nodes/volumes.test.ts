import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { writeAtomically } from '../../src/nodes/volumes/atomic-writer.ts'
import { checkHostPath } from '../../src/nodes/volumes/host-path.ts'
import { subPathOf } from '../../src/nodes/volumes/mount.ts'

let folder: string
test.before.each(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-volumes-'))
})
test.after.each(() => rm(folder, { recursive: true, force: true }))

const file = (text: string, mode = 0o644) => ({ content: Buffer.from(text), mode })
const failure = async (run: () => Promise<unknown>): Promise<string> =>
  run().then(
    () => '',
    (error: Error) => error.message,
  )

test('files are swapped all at once, and stay untouched when nothing changed', async () => {
  const target = join(folder, 'v')
  assert.ok(
    await writeAtomically(
      target,
      new Map([
        ['a', file('1')],
        ['d/b', file('2', 0o600)],
      ]),
    ),
  )
  assert.is(await readFile(join(target, 'd/b'), 'utf8'), '2')
  assert.is((await stat(join(target, 'd/b'))).mode & 0o777, 0o600)
  const before = await readlink(join(target, '..data'))
  assert.not.ok(
    await writeAtomically(
      target,
      new Map([
        ['a', file('1')],
        ['d/b', file('2', 0o600)],
      ]),
    ),
  )
  assert.ok(await writeAtomically(target, new Map([['a', file('9')]])))
  assert.is.not(await readlink(join(target, '..data')), before)
  assert.is(await readFile(join(target, 'a'), 'utf8'), '9')
  assert.equal(
    (await readdir(target)).filter((n) => !n.startsWith('..')),
    ['a'],
  )
  assert.is((await readdir(target)).length, 3)
})

test('a key that would leave the volume is refused', async () => {
  for (const path of ['../x', '/x', 'a/../../x', '..x', ''])
    assert.match(await failure(() => writeAtomically(join(folder, 'v'), new Map([[path, file('')]]))), /invalid path/, path)
})

test('a subPath is made inside its volume and never leads out of it', async () => {
  const root = join(folder, 'root')
  await mkdir(root)
  assert.is(await subPathOf(root, 'a/b'), join(root, 'a/b'))
  await symlink('/etc', join(root, 'evil'))
  assert.match(await failure(() => subPathOf(root, 'evil')), /leaves its volume/)
  assert.match(await failure(() => subPathOf(root, 'evil/new')), /leaves its volume/)
  assert.match(await failure(() => subPathOf(root, '../x')), /must be relative/)
})

test('hostPath types are checked, and made where they say so', async () => {
  assert.match(await failure(() => checkHostPath(join(folder, 'none'), 'Directory')), /is not a directory/)
  await checkHostPath(join(folder, 'made'), 'DirectoryOrCreate')
  await checkHostPath(join(folder, 'made'), 'Directory')
  assert.match(await failure(() => checkHostPath(join(folder, 'made'), 'File')), /is not a file/)
  await checkHostPath(join(folder, 'f'), 'FileOrCreate')
  assert.match(await failure(() => checkHostPath('relative', '')), /must be absolute/)
})

test.run()
