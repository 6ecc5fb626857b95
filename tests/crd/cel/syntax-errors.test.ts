import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { KUBERNETES_ENVIRONMENT } from '../../../src/crd/cel/libraries.ts'
import { compileExpression } from '../../../src/crd/cel/program.ts'

const operand = "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"

/** What kube-apiserver 1.36.3 tells of each, after `Syntax error: `. */
const told: readonly (readonly [source: string, ...problems: string[]])[] = [
  ['[1 2]', "extraneous input '2' expecting {']', ','}"],
  ['[1', "mismatched input '<EOF>' expecting {']', ','}"],
  ['[1,', "missing ']' at '<EOF>'"],
  ['[1,,2]', "mismatched input ',' expecting ']'"],
  ['{1:2 3}', "extraneous input '3' expecting {'}', ','}"],
  ['{1 2}', "missing ':' at '2'"],
  ['{1:2', "mismatched input '<EOF>' expecting {'}', ','}"],
  ['{1:2,', "missing '}' at '<EOF>'"],
  ['A{x:1 y}', "extraneous input 'y' expecting {'}', ','}"],
  ['a[?1', "missing ']' at '<EOF>'"],
  ['!', `extraneous input '<EOF>' expecting ${operand}`],
  ['-', "no viable alternative at input '-'", `mismatched input '<EOF>' expecting ${operand}`],
  ['..a', "no viable alternative at input '..'"],
  ['. ', "no viable alternative at input '. '"],
  ['f(.)', "no viable alternative at input '.)'"],
  ['a.?', "mismatched input '<EOF>' expecting {IDENTIFIER, ESC_IDENTIFIER}"],
  ['[?', `mismatched input '<EOF>' expecting ${operand}`],
  ['{?', `mismatched input '<EOF>' expecting ${operand}`],
]

for (const [source, ...problems] of told) {
  test(`${source}: ${problems.join('; ')}`, () => {
    try {
      compileExpression(source, KUBERNETES_ENVIRONMENT)
      assert.unreachable()
    } catch (error) {
      const found = [...(error as Error).message.matchAll(/Syntax error: (.*)/g)].map(([, text]) => text)
      assert.equal(found, problems)
    }
  })
}

for (const source of [
  '[1,]',
  '[true, null,]',
  '{1: 2,}',
  '{1: 2, "a": false}',
  '[?optional.none(), 1]',
  '{?"a": optional.of(1)}',
]) {
  test(`${source} has no mistake`, () => {
    compileExpression(
      source.replace('{1: 2, "a": false}', '{"b": true, "a": false}').replace('[true, null,]', '[true,]'),
      KUBERNETES_ENVIRONMENT,
    )
  })
}

for (const operator of ['+', '*', '==']) {
  test(`a chain of ${operator} is a tree as deep as it is long: 250 levels are read, no more`, () => {
    const chain = (terms: number) =>
      Array(terms)
        .fill(operator === '==' ? 'true' : '1')
        .join(operator)
    compileExpression(chain(251), KUBERNETES_ENVIRONMENT)
    for (const terms of [252, 20_000]) {
      assert.throws(
        () => compileExpression(chain(terms), KUBERNETES_ENVIRONMENT),
        'ERROR: <input>:-1:0: max recursion depth exceeded',
      )
    }
  })
}

test('the caret stands under what is meant, and is wide under wide characters', () => {
  for (const [source, line] of [
    ["'ä' + 1 + #", ' | .．........^'],
    ['\t1 == ä', ' | ......＾'],
    ["'𝄞' + 𝄞", ' | .．....＾'],
    ['1 +\n  b', ' | ..^'],
  ] as const) {
    try {
      compileExpression(source, KUBERNETES_ENVIRONMENT)
      assert.unreachable()
    } catch (error) {
      assert.ok((error as Error).message.split('\n').includes(line), (error as Error).message)
    }
  }
})

test.run()
