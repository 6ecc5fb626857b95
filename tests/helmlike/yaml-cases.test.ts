import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chartFromFiles } from '../../src/helmlike/chart/load.ts'
import { parseTokens } from '../../src/helmlike/yaml/parse.ts'
import { parsePlainBlock } from '../../src/helmlike/yaml/plain-block.ts'
import { prepareRender } from './render-one.ts'

const data = JSON.parse(readFileSync(new URL('../data/helmlike/yaml-cases.json', import.meta.url), 'utf8')) as {
  read: string
  write: string
  cases: { y?: string; j?: string; o: string }[]
}
const metadata = 'apiVersion: v2\nname: c\nversion: 1.2.3\nappVersion: "9"\n'

// Random documents and values with what Helm 4.3 made of them.
test('YAML that a chart reads or writes is what Helm reads and writes', async () => {
  for (const c of data.cases) {
    const input: [string, string] = c.y === undefined ? ['j', c.j ?? ''] : ['y', c.y]
    const template = c.y === undefined ? data.write : data.read
    const files: [string, string][] = [['Chart.yaml', metadata], ['templates/t.txt', template], input]
    const result = await prepareRender(chartFromFiles(files.map(([name, text]) => ({ name, data: Buffer.from(text) }))), '')
    assert.is(result.error ?? result.output, c.o, JSON.stringify(input))
  }
})

// Read line by line or by tokens: the same. The second column: whether a text is plain enough for the first way.
const PLAIN: [string, boolean][] = [
  ['a: 1\nb:\n  c: x y  # comment\n  d: "q: #"\n', true],
  ['---\n# c\na:\n- x\n- w: 1\n  z: [a, "b,c", 1.5]\n- - 1\n  - {}\nb: null\n', true],
  ["k:\n    l: |\n      one\n        two\n\n      three\n    m: |-\n      x\n\n    keep: |+\n      y\n\n    o: 'it'\n", true],
  ['a: -x\n"quoted key": yes\nurl: http://x/y#z\ntime: 12:30\noctal: 010\nempty:\nlist: []\n', true],
  ['a: |\n  no newline at the end', true],
  ['a:\n  - b\n c: 1\n', false],
  ['a: x\n  y\n', false],
  ['a: &x 1\nb: *x\n', false],
  ['a: "esc\\n"\n', false],
  ['yes: 1\n', false],
  ['a: >\n  folded\n', false],
  ['a:\tx\n', false],
  ['a: 1\n--- \nb: 2\n', false],
  ['- a: 1\n   b: 2\n', false],
]
for (const [text, isPlain] of PLAIN) {
  test(`the quick reader of YAML ${isPlain ? 'agrees with the full one on' : 'leaves to the full one'} ${JSON.stringify(text)}`, () => {
    const quick = parsePlainBlock(text)
    assert.is(quick !== undefined, isPlain)
    if (isPlain) assert.equal(quick, parseTokens(text))
  })
}
test('the quick reader of YAML never disagrees with the full one', () => {
  const outcome = (read: (text: string) => unknown, text: string): unknown => {
    try {
      return read(text)
    } catch (e) {
      return (e as Error).message
    }
  }
  for (const { y = '' } of data.cases) {
    const quick = outcome(parsePlainBlock, y)
    if (quick !== undefined) assert.equal(quick, outcome(parseTokens, y), JSON.stringify(y))
  }
})

test.run()
