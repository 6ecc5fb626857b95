import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseLabelSelector } from '../../../src/api/selectors/label.ts'
import { formatSelector, parseSelector } from '../../../src/apimachinery/label-selector.ts'

interface Recorded {
  readonly in: string
  readonly err?: string
  readonly text?: string
  /** Whether each of `sets` has what is asked. */
  readonly matches?: readonly boolean[]
}

const sets = [{}, { a: 'b' }, { a: '1', b: '2' }, { a: '' }, { b: 'in', c: 'notin' }]
/** Texts put together at random, and what k8s.io/apimachinery/pkg/labels 0.36.3 makes of them. */
const recorded = readFileSync(new URL('../../data/selectors/recorded.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded)

test('selectors are read, written and matched as Kubernetes does, and refused in its words', () => {
  for (const { in: source, err, text, matches } of recorded) {
    try {
      const selects = parseLabelSelector(source)
      assert.is(err, undefined, source)
      assert.equal(
        sets.map((labels) => selects?.(labels) ?? true),
        matches,
        source,
      )
      assert.is(formatSelector(parseSelector(source)), text)
    } catch (error) {
      assert.is((error as Error).message, err, source)
    }
  }
})

test.run()
