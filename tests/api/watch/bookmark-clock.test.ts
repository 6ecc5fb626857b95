import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BookmarkClock } from '../../../src/api/watch/bookmark-clock.ts'
import { createVirtualClock } from '../../../src/testkit/virtual-clock.ts'

test('each watch hears of bookmarks about once a minute, all by one timer', async () => {
  const clock = createVirtualClock()
  const bookmarks = new BookmarkClock(clock)
  const heard = { early: 0, late: 0 }
  bookmarks.add(() => heard.early++)
  await clock.advance(3000)
  bookmarks.add(() => heard.late++)
  assert.is(clock.pending(), 1)
  await clock.advance(59_000)
  assert.equal(heard, { early: 0, late: 0 })
  await clock.advance(8000)
  assert.equal(heard, { early: 1, late: 1 })
  await clock.advance(600_000)
  assert.ok(heard.early >= 9 && heard.early <= 11, `${heard.early} in ten minutes`)
  assert.is(heard.late, heard.early)
})

test('a watch that ended hears no more, and without watches no timer waits', async () => {
  const clock = createVirtualClock()
  const bookmarks = new BookmarkClock(clock)
  let heard = 0
  const ends = [bookmarks.add(() => heard++), bookmarks.add(() => ends[0]?.())]
  ends[0]?.()
  await clock.advance(120_000)
  assert.is(heard, 0)
  for (const end of ends) end()
  assert.is(clock.pending(), 0)
})

test('a watch may end itself, or another, when it hears', async () => {
  const clock = createVirtualClock()
  const bookmarks = new BookmarkClock(clock)
  let heard = 0
  const endFirst = bookmarks.add(() => {
    heard++
    endFirst()
    endSecond()
  })
  const endSecond = bookmarks.add(() => heard++)
  await clock.advance(200_000)
  assert.is(heard, 1)
  assert.is(clock.pending(), 0)
})

test.run()
