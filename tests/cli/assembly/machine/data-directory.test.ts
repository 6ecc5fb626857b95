import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DataDirectory } from '../../../../src/cli/assembly/machine/data-directory.ts'

const root = join(import.meta.dirname, '../../../..')
const folder = mkdtempSync(join(tmpdir(), 'data-directory-'))
test.after(() => rmSync(folder, { recursive: true }))

/** Which process the directory believes to run on it, of one that noted itself there. */
async function believed(child: ChildProcess): Promise<number | undefined> {
  await once(child.stdout as NodeJS.EventEmitter, 'data')
  const data = new DataDirectory(folder)
  data.note({ pid: child.pid ?? 0, server: '', nodes: [], proxy: '', startedAt: '' })
  const running = data.running()?.pid
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.is(data.running(), undefined, 'it ended')
  return running === undefined ? undefined : running - (child.pid ?? 0)
}

const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore']

test('what bin/slipway starts is known to run on its directory: no other verb may take it for gone', async () => {
  const args = ['apiserver', '--store', 'memory', '--data', join(folder, 'api'), '--host', '127.0.0.1', '--port', '0']
  assert.is(await believed(spawn(join(root, 'bin/slipway'), args, { stdio })), 0)
})

test('so is a packed one, but not another program that got the number of a process that is gone', async () => {
  mkdirSync(join(folder, 'start'))
  for (const [file, known] of [
    ['start/launch.cjs', 0],
    ['other.cjs', undefined],
  ] as const) {
    writeFileSync(join(folder, file), 'console.log(1); setInterval(() => {}, 1000)')
    assert.is(await believed(spawn(process.execPath, [join(folder, file)], { stdio })), known, file)
  }
})

test.run()
