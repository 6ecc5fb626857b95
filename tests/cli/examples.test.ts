import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { kindsOf } from '../../src/cli/types.ts'
import { definitionProblems } from '../../src/crd/definition/problems.ts'

const exec = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const examples = join(root, 'examples/operators')
const main = join(root, 'src/cli/main.ts')

for (const name of readdirSync(examples, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? [e.name] : [])))
  test(`the example ${name} passes its tests, and its kind is one that the API takes`, async () => {
    const cwd = join(examples, name)
    const run = exec(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'operator', 'test'], { cwd })
    const { stdout } = await run.catch((error: { stdout: string }) => assert.unreachable(error.stdout) as never)
    assert.match(stdout, /pass [1-9]\d*\n[\s\S]*fail 0/)
    const [kind] = await kindsOf([join(cwd, 'operator.ts')])
    assert.ok(kind)
    assert.equal(definitionProblems(kind.definition), [])
  })

test.run()
