import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { untilBeat } from '../../src/apimachinery/clock.ts'

const at = (ms: number) => untilBeat({ now: () => ms }, 10_000)

test('whoever asks waits for the same beat', () => {
  assert.is(at(50_000), 10_000)
  assert.is(at(52_500), 7500)
  assert.is(at(58_000), 2000)
})

test('a timer that fired a little early does not fire twice for one beat', () => {
  assert.is(at(59_998), 10_002)
  assert.is(at(60_003), 9997)
})

test.run()
