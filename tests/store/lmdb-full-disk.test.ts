import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openLmdbStore } from '../../src/store/lmdb/lmdb-store.ts'
import { StorageFull } from '../../src/store/store.ts'

const canMount = process.getuid?.() === 0

test(`on a full disk writes fail with StorageFull, reads go on, and writes work again when there is space${canMount ? '' : ' (skipped: not root)'}`, async () => {
  if (!canMount) return
  const folder = mkdtempSync(join(tmpdir(), 'slipway-full-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder])
  try {
    writeFileSync(join(folder, 'ballast'), Buffer.alloc(4 << 20))
    const store = openLmdbStore({ path: join(folder, 'store.mdb'), reserveBytes: 1 << 20 })
    await store.commit([{ key: '/first', value: Buffer.from('kept') }])
    let refused: unknown
    let written = 0
    for (; !refused && written < 1000; written++) {
      await store.commit([{ key: `/big/${written}`, value: Buffer.alloc(50_000) }]).catch((error: unknown) => {
        refused = error
      })
    }
    assert.instance(refused, StorageFull)
    assert.is(Buffer.from((await store.get('/first'))?.value ?? []).toString(), 'kept')
    assert.is(await store.count('/big/'), written - 1)
    const before = store.revision
    rmSync(join(folder, 'ballast'))
    assert.is(await store.commit([{ key: '/after', value: Buffer.from('works') }]), before + 1)
    await store.close()
  } finally {
    execFileSync('umount', [folder])
    rmSync(folder, { recursive: true, force: true })
  }
})

test.run()
