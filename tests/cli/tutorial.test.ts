import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { kindsOf } from '../../src/cli/types.ts'
import { definitionProblems } from '../../src/crd/definition/problems.ts'

const exec = promisify(execFile)
const root = join(import.meta.dirname, '../..')

/** The files of a document: blocks whose first line names one, joined in order. */
function filesIn(document: string): Map<string, string> {
  const files = new Map<string, string>()
  for (const [, name = '', text = ''] of document.matchAll(/^```ts (\S+)\n([\s\S]*?)^```$/gm))
    files.set(name, files.has(name) ? `${files.get(name)}\n${text}` : text)
  return files
}

test('the operator of the tutorial is under 120 lines, compiles, and passes its test as printed', async () => {
  const files = filesIn(readFileSync(join(root, 'docs/operators/tutorial.md'), 'utf8'))
  const operator = files.get('operator.ts') ?? ''
  assert.ok(operator.trimEnd().split('\n').length < 120, `${operator.trimEnd().split('\n').length} lines`)
  const folder = mkdtempSync(join(tmpdir(), 'slipway-tutorial-'))
  for (const [name, text] of files) writeFileSync(join(folder, name), text)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const compilerOptions = {
    noEmit: true,
    noUnusedLocals: false,
    paths: pathsOf(root),
    typeRoots: [join(root, 'node_modules/@types')],
  }
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, include: ['*.ts'] }),
  )
  await exec(join(root, 'node_modules/.bin/tsc'), ['-p', folder]).catch((error: { stdout: string }) =>
    assert.unreachable(error.stdout),
  )
  const main = join(root, 'src/cli/main.ts')
  const run = exec(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'operator', 'test'], { cwd: folder })
  const { stdout } = await run.catch((error: { stdout: string }) => assert.unreachable(error.stdout) as never)
  assert.match(stdout, /pass 1\n.*fail 0/)
  const [kind] = await kindsOf([join(folder, 'operator.ts')])
  assert.equal(kind && definitionProblems(kind.definition), [])
  rmSync(folder, { recursive: true })
})

const pathsOf = (from: string): object => ({
  'slipway/operators': [join(from, 'src/operators/public.ts')],
  'slipway/testkit': [join(from, 'src/testkit/public.ts')],
})

test.run()
