import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openLmdbStore } from '../../src/store/lmdb/lmdb-store.ts'
import { take } from './contract.ts'

const kills = Number(process.env.SLIPWAY_KILLS ?? 100)

interface Acknowledged {
  readonly key: string
  readonly value: string
  readonly revision: number
}

/** Runs the writer, kills it with SIGKILL after it acknowledged about `after` commits, and returns what it acknowledged. */
function writeAndKill(
  path: string,
  life: number,
  after: number,
): Promise<{ startRevision: number; acknowledged: Acknowledged[] }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'kill-writer.ts'), path, String(life)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk
      if (output.length > after * 60) child.kill('SIGKILL')
    })
    child.on('error', reject)
    child.on('close', () => {
      // The last line may be cut by the kill; it is then no acknowledgement that anybody saw.
      const [first = '', ...lines] = output.slice(0, output.lastIndexOf('\n')).split('\n')
      const acknowledged = lines.map((line) => {
        const [key = '', value = '', revision = ''] = line.split(' ')
        return { key, value, revision: Number(revision) }
      })
      resolve({ startRevision: Number(first.split(' ')[1]), acknowledged })
    })
  })
}

test(`after each of ${kills} kills -9 under load nothing acknowledged is lost, no revision is reused, and the log has no gap`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-kill-'))
  const path = join(folder, 'store.mdb')
  const newest = new Map<string, Acknowledged>()
  let highest = 0
  let watchedUntil = 0
  try {
    for (let life = 0; life < kills; life++) {
      const { startRevision, acknowledged } = await writeAndKill(path, life, 20 + ((life * 37) % 200))
      assert.ok(acknowledged.length > 0, `life ${life} acknowledged nothing`)
      assert.ok(startRevision >= highest, `life ${life} began at ${startRevision}, but ${highest} was acknowledged`)
      for (const a of acknowledged) {
        assert.ok(a.revision > startRevision, `revision ${a.revision} used twice`)
        newest.set(a.key, a)
        highest = Math.max(highest, a.revision)
      }
      const store = openLmdbStore({ path })
      for (const a of newest.values()) {
        const found = await store.get(a.key)
        assert.ok(
          found && found.revision >= a.revision,
          `${a.key}: revision ${found?.revision} after ${a.revision} was acknowledged`,
        )
        if (found.revision === a.revision) assert.is(Buffer.from(found.value).toString(), a.value)
      }
      // A watch that resumes where the last one ended sees every later revision once (each commit here is one change).
      const since = Math.max(watchedUntil, store.compacted)
      const events = await take(await store.watch('/', since), store.revision - since)
      assert.equal(
        events.map((e) => e.revision),
        Array.from({ length: store.revision - since }, (_, i) => since + 1 + i),
      )
      watchedUntil = store.revision
      await store.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test.run()
