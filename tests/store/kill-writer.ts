// A writer that lmdb-kill.test.ts kills: commits as fast as it can and prints each acknowledged `key value revision`.
import { writeSync } from 'node:fs'
import { openLmdbStore } from '../../src/store/lmdb/lmdb-store.ts'

const store = openLmdbStore({ path: process.argv[2] ?? '', keepRevisions: 2000, maxLogBytes: 256 << 10 })
const life = process.argv[3] ?? '0'
writeSync(1, `start ${store.revision}\n`)
const writer = async (worker: number) => {
  for (let i = 0; ; i++) {
    const key = `/k/${worker}/${i % 20}`
    const value = `${life}-${i}-${'x'.repeat(i % 300)}`
    const revision = await store.commit([{ key, value: Buffer.from(value) }])
    writeSync(1, `${key} ${value} ${revision}\n`)
  }
}
await Promise.all(Array.from({ length: 8 }, (_, worker) => writer(worker)))
