import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'exports-'))
const program = join(folder, 'program.mjs')

/** A user's program: what it says, and the processor time that it has used, in milliseconds. */
interface Said {
  readonly packed: boolean
  readonly created: string
  readonly isNotFound: boolean
  readonly isUndone: boolean
  readonly cpu: number
}

const userProgram = async (): Promise<Said> => {
  const { stdout } = await run(process.execPath, [program], { cwd: folder })
  return JSON.parse(stdout) as Said
}

test.before(async () => {
  writeFileSync(
    program,
    `import { isNotFound, resourceOf } from '${root}/exports/operators.js'
import { startTestServer } from '${root}/exports/testkit.js'
const server = await startTestServer()
const created = await server.create('ConfigMap', { metadata: { name: 'a' } })
const error = await server.client.get(resourceOf('Secret'), 'a', { namespace: 'default' }).catch((e) => e)
const refused = await server.client.create(resourceOf('Pod'), { metadata: { name: 'a' }, spec: {} }, { namespace: 'default' }).catch((e) => e)
await server.stop()
const { user, system } = process.cpuUsage()
const packed = globalThis[Symbol.for('slipway.pack')] !== null
console.log(JSON.stringify({ packed, created: created.metadata.uid, isNotFound: isNotFound(error), isUndone: refused.status?.code === 422, cpu: (user + system) / 1000 }))
`,
  )
  // As scripts/setup does; nothing where the packs are fresh.
  await run(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'scripts/bundle/build.ts')])
})
test.after(() => rmSync(folder, { recursive: true }))

test("a user's first server of a process starts, answers and stops within 300 ms of processor time", async () => {
  const said = [await userProgram(), await userProgram(), await userProgram()]
  assert.ok(said.every((s) => s.packed))
  const least = Math.min(...said.map((s) => s.cpu))
  assert.ok(least < 300, `took ${least} ms`)
})

test('slipway/operators and slipway/testkit are of one piece: an error of one is known to the other', async () => {
  const said = await userProgram()
  assert.match(said.created, /^[0-9a-f-]{36}$/)
  assert.ok(said.isNotFound && said.isUndone)
})

test.run()
