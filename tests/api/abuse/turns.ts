import { setImmediate as nextTurn } from 'node:timers/promises'

/** Nobody waits longer for what another asked for, in milliseconds. */
export const mostTurnMs = 50
const mostRuns = 3

/**
 * The longest turn of the event loop while `run` runs, in milliseconds of this thread's own processor time: other programs do not count. What they
 * take from the caches of a processor does, and so does a machine that slows down: what is above `most` is run again, three times in all. The
 * work itself takes its time in each run; the least of them is told.
 */
export async function longestTurn(run: () => Promise<unknown>, most = mostTurnMs): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let runs = 0; runs < mostRuns && least >= most; runs++) least = Math.min(least, await longestTurnOf(run))
  return least
}

async function longestTurnOf(run: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let isDone = false
  let before = process.threadCpuUsage()
  const ended = run().finally(() => {
    isDone = true
  })
  while (!isDone) {
    await nextTurn()
    const now = process.threadCpuUsage()
    longest = Math.max(longest, (now.user - before.user + now.system - before.system) / 1000)
    before = now
  }
  await ended
  return longest
}
