import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Log } from '../../operators/log.ts'
import type { ServicePort } from './service-port.ts'

/** Remembered UDP flows that lead where they no longer should. `endpoint` undefined: flows that were not translated at all. */
interface StaleFlow {
  readonly to: { readonly ip: string } | { readonly nodePort: number }
  readonly endpoint: string | undefined
}

/**
 * UDP has no end of a connection: the kernel would send a client's packets to a dead endpoint as long as it keeps sending.
 * Which flows must be forgotten now that `before` became `after`. Pure.
 */
export function staleFlows(before: readonly ServicePort[], after: readonly ServicePort[]): StaleFlow[] {
  const now = new Map(after.map((p) => [p.key, p]))
  const was = new Map(before.map((p) => [p.key, p]))
  const flows: StaleFlow[] = []
  for (const [key, port] of [...was, ...now]) {
    if (port.protocol !== 'udp' || (port === now.get(key) && was.get(key) === port)) continue
    const old = was.get(key)
    const next = now.get(key)
    const targets = [...port.clusterIps, ...port.publicIps].map((ip) => ({ ip }))
    const to = [...targets, ...(port.nodePort ? [{ nodePort: port.nodePort }] : [])]
    if (port === old) {
      const alive = new Set(next?.all.map((e) => e.ip))
      const dead = new Set(old.all.map((e) => e.ip).filter((ip) => !alive.has(ip)))
      for (const endpoint of dead) flows.push(...to.map((t) => ({ to: t, endpoint })))
    } else if (!old?.all.length && next?.all.length) {
      flows.push(...to.map((t) => ({ to: t, endpoint: undefined })))
    }
  }
  return flows
}

const run = promisify(execFile)

/** Makes the kernel forget `flows`, by the program conntrack; says once when it is not installed. */
export function createFlowCleaner(log: Log): (flows: readonly StaleFlow[]) => Promise<void> {
  let missing = false
  const forget = async ({ to, endpoint }: StaleFlow): Promise<void> => {
    const target = 'ip' in to ? ['--orig-dst', to.ip] : ['--dport', String(to.nodePort)]
    try {
      await run('conntrack', ['-D', '-p', 'udp', ...target, ...(endpoint ? ['--dst-nat', endpoint] : [])])
    } catch (error) {
      const { code, stderr = '' } = error as NodeJS.ErrnoException & { stderr?: string }
      if (code === 'ENOENT') {
        missing = true
        log.warn(
          'the program conntrack is not installed: UDP clients may reach ended endpoints for up to two minutes (install conntrack)',
        )
      } else if (!stderr.includes('0 flow entries')) {
        log.warn('stale UDP flows could not be removed', { reason: stderr.trim().slice(0, 200) })
      }
    }
  }
  return async (flows) => {
    for (const flow of flows) if (!missing) await forget(flow)
  }
}
