import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { deadlineOf, within } from '../../../src/api/pipeline/deadline.ts'

const asked = (text: string) => deadlineOf(new URLSearchParams(`timeout=${text}`))

test('a request may ask for less than a minute; 0 and more than that are as if it had not asked', () => {
  assert.equal(
    [asked('1.5s'), asked('20ms'), asked('0s'), asked('0'), asked('1m'), asked('90s')],
    [1500, 20, ...Array(4).fill(undefined)],
  )
  assert.is(deadlineOf(new URLSearchParams()), undefined)
})

test("what is no duration is refused in Go's words", () => {
  assert.throws(() => asked('abc'), /^invalid timeout specified in the request URL - time: invalid duration "abc"$/)
  assert.throws(() => asked('5'), /time: missing unit in duration "5"/)
})

test('what takes longer than asked is answered with 504', async () => {
  const error = await within(1, new Promise<void>(() => {})).catch((e) => e)
  assert.equal([error.code, error.reason], [504, 'Timeout'])
  assert.is(await within(10_000, Promise.resolve('x')), 'x')
})

test.run()
