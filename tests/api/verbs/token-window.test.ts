import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TokenWindow } from '../../../src/api/verbs/token-window.ts'

const minute = 60_000

test('a list can be continued for five minutes after its first page, and no longer', () => {
  const window = new TokenWindow()
  window.issued(10, 0)
  assert.not(window.isExpired(10, 5 * minute - 1))
  assert.ok(window.isExpired(10, 5 * minute))
  assert.ok(window.isExpired(9, 5 * minute))
  assert.not(window.isExpired(11, 5 * minute))
})

test('further pages of the same list do not lengthen its time', () => {
  const window = new TokenWindow()
  window.issued(10, 0)
  window.issued(10, 4 * minute)
  assert.ok(window.isExpired(10, 5 * minute))
})

test('a revision of which nothing is known may be continued: the store decides', () => {
  assert.not(new TokenWindow().isExpired(1, 1e12))
})

test.run()
