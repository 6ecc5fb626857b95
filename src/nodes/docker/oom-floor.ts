import { readFile, writeFile } from 'node:fs/promises'

const file = '/proc/self/oom_score_adj'

/**
 * The lowest oom_score_adj that may be given here: −998, or in a machine (a container, a sandbox) whose administrator took
 * CAP_SYS_RESOURCE away what we have ourselves: with less, no container would start.
 */
export async function lowestOomScore(): Promise<number> {
  const own = (await readFile(file, 'utf8').catch(() => '0')).trim()
  try {
    await writeFile(file, '-998')
    await writeFile(file, own)
    return -998
  } catch {
    return Number(own)
  }
}
