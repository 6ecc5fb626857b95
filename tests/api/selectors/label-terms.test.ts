import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { satisfying } from '../../../src/api/selectors/label-terms.ts'
import type { Requirement, SelectorOperator } from '../../../src/apimachinery/label-selector.ts'

type Labels = Readonly<Record<string, string>>

/** What a requirement says, by itself. */
function holds({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = labels[key]
  switch (operator) {
    case 'exists':
      return value !== undefined
    case '!':
      return value === undefined
    case 'notin':
    case '!=':
      return value === undefined || !values.includes(value)
    case 'gt':
      return value !== undefined && /^\d+$/.test(value) && Number(value) > Number(values[0])
    case 'lt':
      return value !== undefined && /^\d+$/.test(value) && Number(value) < Number(values[0])
    default:
      return value !== undefined && values.includes(value)
  }
}

test('labels satisfy a selector when they satisfy each of its requirements, however many there are', () => {
  let state = 1
  const next = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return (state >> 8) % below
  }
  const operators: readonly SelectorOperator[] = ['in', 'notin', '=', '==', '!=', 'gt', 'lt', 'exists', '!']
  const counts = { yes: 0, no: 0 }
  for (let round = 0; round < 20_000; round++) {
    const labels = Object.fromEntries(Array.from({ length: next(6) }, () => [`k${next(30)}`, `${next(4)}`]))
    const requirements = Array.from({ length: next(2) === 0 ? next(4) : next(40) }, (): Requirement => {
      const operator = operators[next(next(2) === 0 ? 9 : 1)] as SelectorOperator
      const key = `k${next(30)}`
      // Mostly such that hold, so that the answer is not always no.
      const mild: SelectorOperator = labels[key] === undefined ? '!=' : 'exists'
      const values = operator === 'exists' || operator === '!' ? [] : [`${next(4)}`]
      return next(8) === 0 ? { key, operator, values } : { key, operator: mild, values: mild === 'exists' ? [] : ['9'] }
    })
    const expected = requirements.every((r) => holds(r, labels))
    if (expected) counts.yes++
    else counts.no++
    assert.is(satisfying(requirements)(labels), expected, JSON.stringify({ requirements, labels }))
  }
  assert.ok(counts.yes > 1000 && counts.no > 1000, JSON.stringify(counts))
})

test('names of JavaScript’s own are no labels', () => {
  const exists: Requirement = { key: 'constructor', operator: 'exists', values: [] }
  assert.not.ok(satisfying([exists])({}))
  assert.not.ok(satisfying(Array.from({ length: 20 }, (_, i) => ({ ...exists, key: i === 0 ? 'toString' : `a${i}` })))({}))
})

test.run()
