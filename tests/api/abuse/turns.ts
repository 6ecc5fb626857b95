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
