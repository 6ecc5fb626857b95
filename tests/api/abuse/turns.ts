import { setImmediate as nextTurn } from 'node:timers/promises'

/** The longest turn of the event loop while `run` runs, in milliseconds of this thread's own processor time: other programs do not count. */
export async function longestTurn(run: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let isDone = false
  const ended = run().finally(() => {
    isDone = true
  })
  let before = process.threadCpuUsage()
  while (!isDone) {
    await nextTurn()
    const now = process.threadCpuUsage()
    longest = Math.max(longest, (now.user - before.user + now.system - before.system) / 1000)
    before = now
  }
  await ended
  return longest
}

/** The longest turn of the run in which that was shortest, of up to five: what else the machine does only ever adds to it, even to
 *  processor time. Ends with the first run below `enough`. */
export async function shortestLongestTurn(enough: number, run: () => Promise<unknown>): Promise<number> {
  let shortest = Number.POSITIVE_INFINITY
  for (let i = 0; i < 5 && shortest >= enough; i++) shortest = Math.min(shortest, await longestTurn(run))
  return shortest
}
