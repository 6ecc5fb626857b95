import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { jsonSteps } from '../../../src/api/watch/json-steps.ts'
import { goJson } from '../../../src/apimachinery/go-quote.ts'
import { atOnce } from '../../../src/apimachinery/steps.ts'

const values: readonly unknown[] = [
  null,
  'a"\n<&>',
  { '<': ['>'], long: 9007199254740993n },
  1.5,
  {},
  [],
  [undefined, { a: undefined, b: null }],
  Array.from({ length: 2001 }, (_, i) => (i % 3 === 0 ? { i, none: undefined } : [i])),
  [Array.from({ length: 1000 }, () => ({})), 'x'],
  Object.fromEntries(Array.from({ length: 2001 }, (_, i) => [`k"${i + 1000}`, i % 7 === 0 ? undefined : { a: [i] }])),
  {
    undefined,
    first: undefined,
    next: 1,
    ['__proto__']: 1,
    large: Object.fromEntries(Array.from({ length: 600 }, (_, i) => [i, {}])),
  },
  JSON.parse('{"__proto__":{"a":1},"b":[]}'),
]

for (const value of values) {
  test(`the text in steps is that in one go: ${goJson(value).slice(0, 60)}`, () => {
    assert.is(atOnce(jsonSteps(value)), goJson(value))
  })
}

test('a map of many members is put in order', () => {
  const keys = Array.from({ length: 2001 }, (_, i) => `k${(i * 7) % 2001}`)
  const map = Object.fromEntries(keys.map((key) => [key, 1]))
  assert.is(atOnce(jsonSteps({ z: 1, map })), `{"z":1,"map":{${keys.sort().map((key) => `"${key}":1`)}}}`)
})

test.run()
