import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sameJson, sameJsonWithin } from '../../src/apimachinery/same-json.ts'

test('values are the same by what is in them, whatever the order of members', () => {
  assert.ok(sameJson({ a: [1, { b: null }], c: 'x' }, { c: 'x', a: [1, { b: null }] }))
  assert.ok(sameJson({ a: undefined, b: 1 }, { b: 1 }))
  assert.ok(sameJson(2n ** 60n, 2n ** 60n))
})

test('lists and objects, null and absent, other lengths and other members are not the same', () => {
  const others: readonly (readonly [unknown, unknown])[] = [
    [[], {}],
    [null, {}],
    [{ a: null }, {}],
    [{ a: 1 }, { b: 1 }],
    [{ a: 1 }, { a: 1, b: undefined, c: 1 }],
    [[1], [1, 2]],
    ['1', 1],
    [JSON.parse('{"__proto__":{"a":1}}'), {}],
    [{ toString: 1 }, {}],
  ]
  for (const [a, b] of others) {
    assert.not.ok(sameJson(a, b))
    assert.not.ok(sameJson(b, a))
  }
})

test('no more values are looked at than may be', () => {
  const list = () => [{ a: 1 }, ['x', 'y'], 'z']
  assert.ok(sameJsonWithin(list(), list(), 7))
  assert.not.ok(sameJsonWithin(list(), list(), 6))
})

test.run()
