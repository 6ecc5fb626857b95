import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RetryAfter } from '../../../src/api/flow-control/retry-after.ts'

test('a client waits twice as long while many are refused, up to 32 seconds, and a second less when few are', () => {
  const retry = new RetryAfter()
  let second = 1000
  assert.is(retry.seconds, 1)
  const seen = new Set<number>()
  for (let i = 0; i < 100; i++, second++) {
    for (let n = 0; n < 100; n++) retry.refused(second)
    seen.add(retry.seconds)
  }
  assert.equal([...seen], [1, 2, 4, 8, 16, 32])
  second += 100
  retry.refused(second++)
  const before = retry.seconds
  retry.refused(second++)
  assert.is(retry.seconds, before - 1)
})

test.run()
