import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { warningsTold } from '../../../src/api/pipeline/warnings.ts'

test('warnings that fit are told as they are, but for those with control characters', () => {
  assert.equal(warningsTold(['a', '', 'b\nc', 'x'.repeat(300)]), ['a', 'x'.repeat(300)])
})

test('when all together have more than 4096 letters each is cut to 256', () => {
  const texts = Array.from({ length: 9 }, (_, i) => `${i}`.repeat(500))
  assert.equal(
    warningsTold(texts).map((t) => t.length),
    Array(9).fill(256),
  )
})

test('warnings end where 4096 letters are full', () => {
  const texts = Array.from({ length: 200 }, (_, i) => `${String(i).padStart(3, '0')}${'é'.repeat(47)}`)
  const told = warningsTold(texts)
  // 81 of 50 letters fit, the next is the one at which all are told again, and fills it.
  assert.is(told.length, 82)
  assert.is([...(told.at(-1) ?? '')].length, 50)
})

test.run()
