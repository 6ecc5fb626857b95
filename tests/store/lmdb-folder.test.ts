import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openLmdbStore, openOwnLmdbStore } from '../../src/store/lmdb/lmdb-store.ts'

const folder = mkdtempSync(join(tmpdir(), 'slipway-folder-'))
const module = join(import.meta.dirname, '../../src/store/lmdb/lmdb-store.ts')

/** What another process that opens the store says, and how it ends. */
function elsewhere(path: string): string {
  const program = `
    import { openOwnLmdbStore } from ${JSON.stringify(module)}
    openOwnLmdbStore({ path: ${JSON.stringify(path)} }).then(() => { console.log('opened'); process.kill(process.pid, 'SIGKILL') }, (e) => console.log(e.message))`
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  return `${stdout.trim()}${status === 0 || stdout.startsWith('opened') ? '' : ` status ${status}`}`
}

test('one process has the folder of a store: another one is refused until the first has ended, however it ends', async () => {
  const path = join(folder, 'shared/store')
  const store = await openOwnLmdbStore({ path })
  if (process.platform === 'linux') assert.match(elsewhere(path), /^another Slipway runs on .*shared: stop that one first$/)
  await store.close()
  assert.is(elsewhere(path), 'opened')
  await (await openOwnLmdbStore({ path })).close()
})

test('a damaged file is refused in words: without its head, and cut off', async () => {
  const path = join(folder, 'damaged')
  const open = () => openLmdbStore({ path })
  const store = open()
  for (let i = 0; i < 50; i++) await store.commit([{ key: `/k/${i}`, value: Buffer.alloc(20_000, i) }])
  await store.close()
  await open().close()
  truncateSync(path, 40_000)
  assert.throws(open, /^the store .*damaged is damaged: it has 40000 bytes of \d+; bring back a backup/)
  writeFileSync(path, Buffer.alloc(100_000, 7))
  assert.throws(open, /is damaged: it does not begin as a store does/)
})

test.after(() => rmSync(folder, { recursive: true }))
test.run()
