import { readdirSync, readFileSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { join } from 'node:path'

const v8WorkerName = 'V8Worker'

/**
 * V8's own threads compile and collect when the one that answers leaves them a processor, instead of taking turns with it: a server that
 * has just started answers a tenth more, and the longest waits are shorter. On Linux; elsewhere, and where it is refused, nothing changes.
 * @param tasks the folder with one entry for each thread of this process, each with its name in `comm`
 */
export function lowerV8Workers(tasks = '/proc/self/task', lower: (thread: number, priority: number) => void = setPriority): void {
  try {
    for (const thread of readdirSync(tasks)) {
      const name = readFileSync(join(tasks, thread, 'comm'), 'utf8').trim()
      if (name === v8WorkerName) lower(Number(thread), constants.priority.PRIORITY_LOW)
    }
  } catch {
    // A thread that ended meanwhile, or a system without /proc: the work is done all the same.
  }
}
