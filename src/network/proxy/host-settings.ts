import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Log } from '../../operators/log.ts'

const run = promisify(execFile)
const bridgeCall = '/proc/sys/net/bridge/bridge-nf-call-iptables'
const localnet = '/proc/sys/net/ipv4/conf/all/route_localnet'
const forward = '/proc/sys/net/ipv4/ip_forward'
const comment = 'slipway: services reach their pods'

/**
 * Sets what the proxy needs of the kernel: forwarding, node ports on 127.0.0.1, and netfilter on the pods' bridge.
 * Returns whether the last is so; without it, pods see the gateway's address as their client.
 */
export async function prepareHost(podCidr: string, log: Log): Promise<{ bridgeFiltered: boolean }> {
  await set(forward, '1', log)
  await set(localnet, '1', log)
  if ((await read(bridgeCall)) === undefined) await run('modprobe', ['br_netfilter']).catch(() => {})
  const bridgeFiltered = (await read(bridgeCall)) === '1' || (await set(bridgeCall, '1', log))
  await acceptThroughDocker(podCidr, log)
  return { bridgeFiltered }
}

const read = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  )

async function set(path: string, value: string, log: Log): Promise<boolean> {
  if ((await read(path)) === value) return true
  try {
    await writeFile(path, value)
    return true
  } catch (error) {
    log.warn('a kernel setting for the service network could not be made', { path, value, reason: (error as Error).message })
    return false
  }
}

const rule = (podCidr: string): string[] => [
  'DOCKER-USER',
  '-d',
  podCidr,
  '-m',
  'conntrack',
  '--ctstate',
  'DNAT',
  '-m',
  'comment',
  '--comment',
  comment,
  '-j',
  'ACCEPT',
]

/** Docker drops what is forwarded to a container and not published by it; DOCKER-USER is its place for exceptions. */
async function acceptThroughDocker(podCidr: string, log: Log): Promise<void> {
  const iptables = (action: string) => run('iptables', ['-w', '5', action, ...rule(podCidr)])
  try {
    await iptables('-C')
  } catch {
    await iptables('-I').catch((error: Error & { stderr?: string }) => {
      const reason = (error.stderr || error.message).trim().slice(0, 200)
      log.warn("node ports may not answer from other machines: no rule could be added to Docker's DOCKER-USER chain", { reason })
    })
  }
}

/** Takes back what `prepareHost` set and nobody else needs. */
export async function restoreHost(podCidr: string): Promise<void> {
  await run('iptables', ['-w', '5', '-D', ...rule(podCidr)]).catch(() => {})
  await writeFile(localnet, '0').catch(() => {})
}
