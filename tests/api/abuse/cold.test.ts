import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { coldRequests } from './cold-requests.ts'

/** Nothing is compiled yet when such a request is the first of its sort: each has a process of its own. */
const run = promisify(execFile)
const program = fileURLToPath(new URL('cold-process.ts', import.meta.url))

for (const { name, status } of coldRequests) {
  test(`${name}, the first that a process sees: nobody waits 50 ms for it`, async () => {
    const { stdout } = await run(process.execPath, ['--disable-warning=ExperimentalWarning', program, name])
    const answer = JSON.parse(stdout) as { turn: number; status: number; text: string }
    assert.is(answer.status, status, answer.text)
    assert.ok(answer.turn < 50, `a turn took ${answer.turn} ms`)
  })
}

test.run()
