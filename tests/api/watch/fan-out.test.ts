import { setImmediate } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FanOut } from '../../../src/api/watch/fan-out.ts'

/** How often so many watches, of which the first takes 5 ms, were told of two events, the second of which comes after the first was told. */
async function toldOf(watches: number): Promise<number> {
  const fanOut = new FanOut()
  let told = 0
  const stops = Array.from({ length: watches }, (_, i) =>
    fanOut.add(() => {
      if (i > 0) return
      told++
      const until = performance.now() + 5
      while (performance.now() < until);
    }),
  )
  for (let event = 0; event < 2; event++) {
    fanOut.tell(1)
    for (let turn = 0; turn < 4; turn++) await setImmediate()
  }
  for (const stop of stops) stop()
  return told
}

test('few watches are told of each event at once: none of another kind may overtake it', async () => {
  assert.is(await toldOf(32), 2)
})

test('few watches are told before whoever waits for the commit goes on: news are out before the answer', async () => {
  const order: string[] = []
  const fanOut = new FanOut()
  const stop = fanOut.add(() => order.push('told'))
  const commit = async () => fanOut.tell(1)
  await commit()
  order.push('answered')
  assert.equal(order, ['told', 'answered'])
  await setImmediate()
  stop()
})

test('many watches rest after they were told', async () => {
  assert.is(await toldOf(33), 1)
})

test.run()
