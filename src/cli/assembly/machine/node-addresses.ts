import { execFile } from 'node:child_process'
import { networkInterfaces } from 'node:os'
import { promisify } from 'node:util'

const exec = promisify(execFile)

/** Addresses of further nodes on one machine; only this machine has them. */
const extra = (i: number): string => `10.41.0.${i + 1}`

/** The machine's own IPv4 address, of the first interface that is not a bridge or virtual one. */
export function ownAddress(): string | undefined {
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    if (/^(lo|docker|br-|veth|slipway|virbr|cni|flannel)/.test(name)) continue
    const found = addresses?.find((a) => a.family === 'IPv4' && !a.internal)
    if (found) return found.address
  }
  return undefined
}

/** Gives each of `count` nodes an address of its own: the machine's to the first, addresses on the loopback device to the others. */
export async function nodeAddresses(count: number): Promise<string[]> {
  const own = ownAddress()
  const addresses = Array.from({ length: count }, (_, i) => (i === 0 && own ? own : extra(i)))
  for (const address of addresses.filter((a) => a !== own)) {
    await exec('ip', ['address', 'add', `${address}/32`, 'dev', 'lo']).catch((error: unknown) => {
      if (!/File exists|already assigned/.test(String((error as { stderr?: string }).stderr))) throw error
    })
  }
  return addresses
}

/** Takes the loopback addresses away again. Returns those it took. */
export async function removeNodeAddresses(): Promise<string[]> {
  const ours = (networkInterfaces().lo ?? []).map((a) => a.address).filter((a) => a.startsWith('10.41.0.'))
  for (const address of ours) await exec('ip', ['address', 'del', `${address}/32`, 'dev', 'lo'])
  return ours
}
