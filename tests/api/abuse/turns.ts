import { setImmediate as nextTurn } from 'node:timers/promises'

/** Nobody waits longer for what another asked for, in milliseconds. */
export const mostTurnMs = 50
const mostRuns = 3

/**
 * The longest turn of the event loop while `run` runs, in milliseconds of this thread's own processor time: other programs do not count. What they
 * take from the caches of a processor does, and so does a machine that slows down: what is above `most` is run again, three times in all, and
 * counts for as much less as the machine is slower then. The work itself takes its time in each run; the least of them is told.
 */
export async function longestTurn(run: () => Promise<unknown>, most = mostTurnMs): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let runs = 0; runs < mostRuns && least >= most; runs++) {
    const turn = await longestTurnOf(run)
    least = Math.min(least, turn < most ? turn : turn / slowness())
  }
  return least
}

/** So long `knownWork` takes where the limits were set, in milliseconds. */
const knownWorkMs = 22

/** How many times as long as there work takes here, now; at least 1. */
export function slowness(): number {
  for (let i = 0; i < 3; i++) knownWork()
  const times = 6
  const before = process.threadCpuUsage()
  for (let i = 0; i < times; i++) knownWork()
  const now = process.threadCpuUsage()
  return Math.max(1, (now.user - before.user + now.system - before.system) / 1000 / times / knownWorkMs)
}

function knownWork(): number {
  const members = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, String(i)]))
  return Object.keys(JSON.parse(JSON.stringify(members))).sort().length
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
