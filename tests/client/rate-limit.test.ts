import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rateLimiter, tokenBucket } from '../../src/client/rate-limit.ts'

test('as many requests as the burst go at once, the others one after the other at qps', () => {
  const waits = tokenBucket({ qps: 2, burst: 3 })
  assert.equal([waits(0), waits(0), waits(0), waits(0), waits(0)], [0, 0, 0, 500, 1000])
  // Two are owed until 1000 ms; at 1500 one is left.
  assert.equal([waits(1500), waits(1500)], [0, 500])
  // However long nothing was sent, no more than the burst is left.
  assert.equal([waits(1e6), waits(1e6), waits(1e6), waits(1e6)], [0, 0, 0, 500])
})

test('a request that waits for its turn ends when it is given up', async () => {
  const turn = rateLimiter({ qps: 0.001, burst: 1 })
  await turn()
  const given = new AbortController()
  const waiting = turn(given.signal)
  given.abort()
  assert.is(
    await waiting.then(
      () => 'went',
      (e: Error) => e.name,
    ),
    'AbortError',
  )
})

test.run()
