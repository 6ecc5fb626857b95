import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { sleep } from '../../../apimachinery/clock.ts'
import type { Watching } from '../backend.ts'
import { pipe } from '../pipe.ts'
import { ruledChains, table } from './table.ts'

/** What one command of another program takes away is told in many lines. */
const settleMs = 200
const retryMs = { least: 1000, most: 60_000 }

/** Whether a line of `nft monitor` tells that the shared part of our table may be gone. Pure. */
export function isLoss(line: string): boolean {
  if (line.startsWith('# ERROR')) return true
  if (line === `delete table ${table}`) return true
  const [what, chain = ''] = line.split(` ${table} `)
  return what === 'delete rule' && ruledChains.includes(chain.split(' ')[0] ?? '')
}

/** Whether the listing of our table has rules in each of `ruledChains`. Pure. */
function hasAllRules(listing: string): boolean {
  const missing = new Set(ruledChains)
  let chain = ''
  for (const line of listing.split('\n')) {
    chain = /^\tchain (\S+) \{$/.exec(line)?.[1] ?? chain
    if (line.startsWith('\t\t') && !line.startsWith('\t\ttype ')) missing.delete(chain)
  }
  return missing.size === 0
}

const isWhole = (): Promise<boolean> =>
  pipe('nft', ['--terse', 'list', 'table', ...table.split(' ')]).then(hasAllRules, () => false)

/**
 * Calls `lost` when another program took our rules away, as `nft flush ruleset` and a restarted firewall do, until the signal aborts.
 * The kernel tells of it: nothing is polled, and at rest nothing runs. Our own rebuilds are told of too, hence the look at what is there.
 */
export async function watchLosses(lost: () => void, { clock, log, signal }: Watching): Promise<void> {
  let delay = retryMs.least
  let isDue = false
  const look = async () => {
    if (isDue) return
    isDue = true
    await sleep(clock, settleMs, signal)
    isDue = false
    if (!signal.aborted && !(await isWhole()) && !signal.aborted) lost()
  }
  while (!signal.aborted) {
    const began = clock.now()
    const reason = await monitor((line) => isLoss(line) && void look(), signal)
    if (signal.aborted) return
    if (clock.now() - began > retryMs.most) delay = retryMs.least
    log.warn('what other programs do to the rules of Services is not seen for a while', { reason, seconds: delay / 1000 })
    await sleep(clock, delay, signal)
    delay = Math.min(delay * 2, retryMs.most)
    await look()
  }
}

/** Runs `nft monitor` until it ends; resolves with why. */
function monitor(onLine: (line: string) => void, signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn('nft', ['monitor', 'destroy'], { stdio: ['ignore', 'pipe', 'ignore'], signal })
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code) => resolve(`nft monitor ended (${code})`))
    createInterface({ input: child.stdout }).on('line', onLine)
  })
}
