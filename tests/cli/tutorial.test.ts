import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = join(import.meta.dirname, '../..')
const example = join(root, 'examples/operators/database')

/** The files of a document: blocks whose first line names one, joined in order. */
function filesIn(document: string): Map<string, string> {
  const files = new Map<string, string>()
  for (const [, name = '', text = ''] of document.matchAll(/^```ts (\S+)\n([\s\S]*?)^```$/gm))
    files.set(name, files.has(name) ? `${files.get(name)}\n${text}` : text)
  return files
}

// tests/cli/examples.test.ts runs them.
test('the tutorial prints the database example, which is under 120 lines', () => {
  const files = filesIn(readFileSync(join(root, 'docs/operators/tutorial.md'), 'utf8'))
  assert.equal(
    [...files.keys()].sort(),
    readdirSync(example)
      .filter((f) => f.endsWith('.ts'))
      .sort(),
  )
  for (const [name, text] of files) assert.is(text, readFileSync(join(example, name), 'utf8'), name)
  const lines = files.get('operator.ts')?.trimEnd().split('\n').length ?? 0
  assert.ok(lines < 120, `${lines} lines`)
})

test.run()
