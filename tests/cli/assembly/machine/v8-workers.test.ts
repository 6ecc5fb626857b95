import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { getPriority, platform, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { lowerV8Workers } from '../../../../src/cli/assembly/machine/v8-workers.ts'

test("V8's threads alone get the lowest priority", () => {
  const tasks = mkdtempSync(join(tmpdir(), 'slipway-tasks-'))
  for (const [id, name] of Object.entries({ 10: 'MainThread', 11: 'V8Worker', 12: 'libuv-worker', 13: 'V8Worker' })) {
    mkdirSync(join(tasks, id))
    writeFileSync(join(tasks, id, 'comm'), `${name}\n`)
  }
  const lowered: [number, number][] = []
  lowerV8Workers(tasks, (id, priority) => lowered.push([id, priority]))
  assert.equal(lowered, [
    [11, 19],
    [13, 19],
  ])
  rmSync(tasks, { recursive: true })
})

test('a folder that is not there and a refusal change nothing', () => {
  lowerV8Workers('/nowhere/at/all')
  if (platform() === 'linux') {
    lowerV8Workers('/proc/self/task', () => {
      throw new Error('EPERM')
    })
  }
})

test('the thread that answers keeps its own', () => {
  const before = getPriority(process.pid)
  lowerV8Workers()
  assert.is(getPriority(process.pid), before)
})

test.run()
