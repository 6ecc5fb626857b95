import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sortSteps } from '../../src/apimachinery/sort-steps.ts'
import { atOnce } from '../../src/apimachinery/steps.ts'

const texts = (n: number) => Array.from({ length: n }, (_, i) => `k${(i * 7919) % n}`)

test('what is sorted in steps is as sort gives it, however many there are', () => {
  for (const n of [0, 1, 2, 1999, 2000, 2001, 4001, 9000]) assert.equal(atOnce(sortSteps(texts(n))), texts(n).sort(), String(n))
})

test('equal ones keep their order', () => {
  const items = Array.from({ length: 6001 }, (_, i) => ({ key: i % 5, i }))
  const compare = (a: { key: number }, b: { key: number }) => a.key - b.key
  assert.equal(atOnce(sortSteps(items, compare)), [...items].sort(compare))
})

test('many are sorted in many steps', () => {
  const steps = sortSteps(texts(20_000))
  let count = 0
  while (!steps.next().done) count++
  assert.ok(count > 20, String(count))
})

test.run()
