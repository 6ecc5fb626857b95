import { readdir, writeFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import type { Log } from '../../operators/log.ts'
import { isInside } from '../cidr.ts'

/**
 * Lets frames leave the pods' bridge by the port they came in: a pod that calls a Service which it backs itself is sent back
 * to itself, and with br_netfilter the bridge does that, not the routing. Returns a function to call when there may be new pods.
 */
export function createHairpin(podCidr: string, log: Log): () => Promise<void> {
  let done = new Set<string>()
  let warned = false
  return async () => {
    const bridge = Object.entries(networkInterfaces()).find(([, list]) =>
      list?.some((a) => a.family === 'IPv4' && isInside(a.address, podCidr)),
    )?.[0]
    if (!bridge) return
    const ports = await readdir(`/sys/class/net/${bridge}/brif`).catch((): string[] => [])
    const fresh = ports.filter((port) => !done.has(port))
    const results = await Promise.allSettled(
      fresh.map((port) => writeFile(`/sys/class/net/${bridge}/brif/${port}/hairpin_mode`, '1')),
    )
    const failed = results.find((r) => r.status === 'rejected')
    if (failed && !warned && (failed.reason as NodeJS.ErrnoException).code !== 'ENOENT') {
      warned = true
      log.warn('pods can not reach themselves through their own Service', { reason: (failed.reason as Error).message })
    }
    done = new Set(ports)
  }
}
