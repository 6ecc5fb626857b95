import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openLmdbStore } from '../../src/store/lmdb/lmdb-store.ts'
import { contract } from './contract.ts'

const test = suite('LMDB store')
const folder = mkdtempSync(join(tmpdir(), 'slipway-store-'))
let n = 0
contract(test, async () => openLmdbStore({ path: join(folder, `${n++}`, 'store.mdb') }))

test('a store opened again continues where it was', async () => {
  const path = join(folder, 'again', 'store.mdb')
  const first = openLmdbStore({ path })
  const revision = await first.commit([{ key: '/a', value: Buffer.from('1') }])
  await first.close()
  const second = openLmdbStore({ path })
  assert.is(second.revision, revision)
  assert.is(Buffer.from((await second.get('/a'))?.value ?? []).toString(), '1')
  assert.is(await second.commit([{ key: '/a', value: Buffer.from('2') }]), revision + 1)
  await second.close()
})

test.after(() => rmSync(folder, { recursive: true, force: true }))
test.run()
