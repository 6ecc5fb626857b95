import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isSmall, markLarge } from '../../src/apimachinery/json-size.ts'

const members = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, 'v']))

test('what has fewer values than asked about, nested ones included, is small', () => {
  for (const value of [1, null, 'a', [], {}, { a: [1, { b: 2 }] }, members(198)]) assert.ok(isSmall(value))
  for (const value of [members(200), Array(200).fill(1), { a: { b: [members(100), members(100)] } }])
    assert.not.ok(isSmall(value))
  assert.ok(isSmall(members(300), 2000))
  assert.not.ok(isSmall(members(300), 200))
  assert.ok(isSmall(members(300), 2000), 'as before, when it is known to be large by another measure')
})

/** Fails when it is asked for its keys more often than once. */
function askedOnce(object: object): object {
  let times = 0
  return new Proxy(object, {
    ownKeys(target) {
      if (++times > 1) throw new Error('asked again')
      return Reflect.ownKeys(target)
    },
  })
}

test('an object of many keys is asked for them once, whoever holds it', () => {
  const data = askedOnce(members(1000))
  const object = { metadata: {}, data }
  for (const value of [object, object, data, { object: { data } }]) assert.not.ok(isSmall(value))
})

test('an object that was made with many keys is never asked', () => {
  const made = askedOnce(members(1000))
  Object.keys(made)
  markLarge(made)
  assert.not.ok(isSmall({ made }))
  assert.not.ok(isSmall(made, 2000))
})

test('what is nested deeply is looked at as far as it counts', () => {
  let deep: unknown = 1
  for (let i = 0; i < 100_000; i++) deep = { deep }
  assert.not.ok(isSmall(deep))
})

test.run()
