import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FanOutPace } from '../../../src/api/watch/fan-out-pace.ts'

test('the first event is told at once, and so is one after a calm time', () => {
  const pace = new FanOutPace()
  assert.is(pace.wait(1000, 1), 0)
  pace.told(1000, 1003)
  assert.is(pace.wait(1010, 1), 0, 'later than twice what telling took')
})

test('rests become longer from time to time while news keep coming, up to 12 times what telling took', () => {
  const pace = new FanOutPace()
  let now = 0
  const rests: number[] = []
  for (let round = 0; round < 5; round++) {
    pace.told(now, now + 3)
    now += 3
    const rest = pace.wait(now, 1)
    rests.push(rest / 3)
    now += rest + 20
  }
  assert.equal(rests, [2, 4, 8, 12, 12])
})

test('50 ms without news make rests short again', () => {
  const pace = new FanOutPace()
  for (let round = 0; round < 4; round++) pace.told(round, round + 1)
  assert.is(pace.wait(4 + 12 + 51, 1), 0)
  pace.told(100, 101)
  assert.is(pace.wait(101, 1), 2)
})

test('enough events that wait end the rest', () => {
  const pace = new FanOutPace()
  pace.told(0, 3)
  assert.is(pace.wait(4, 15), 5)
  assert.is(pace.wait(4, 16), 0)
})

test('a rest is 50 ms at most, however long telling took', () => {
  const pace = new FanOutPace()
  pace.told(0, 400)
  assert.is(pace.wait(400, 1), 50)
})

test.run()
