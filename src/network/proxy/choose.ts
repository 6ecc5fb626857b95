import type { Log } from '../../operators/log.ts'
import { type Backend, BackendMissing, type Ranges } from './backend.ts'
import { type Flavour, iptablesBackend, iptablesPrograms, probeIptables, removeIptables } from './iptables/backend.ts'
import { nftBackend, probeNft, removeNft } from './nft/backend.ts'

/** What the user asks for; `auto` takes the first that works. */
export const proxyModes = ['auto', 'nftables', 'iptables'] as const
export type ProxyMode = (typeof proxyModes)[number]

/** nft first; then the iptables that Docker uses too; then the old one, for kernels without nf_tables. */
const flavours: readonly Flavour[] = ['', '-legacy']

/**
 * The backend that this machine can use, and why not a better one. What an earlier run left with another backend is removed.
 * Throws BackendMissing when none works.
 */
export async function chooseBackend(mode: ProxyMode, ranges: Ranges, log: Log): Promise<Backend> {
  const refusals: string[] = []
  const works = async <T>(probe: Promise<T>): Promise<T | undefined> => {
    try {
      return await probe
    } catch (error) {
      if (!(error instanceof BackendMissing)) throw error
      refusals.push(error.message)
      return undefined
    }
  }
  const isNft = mode !== 'iptables' && (await works(probeNft(ranges).then(() => true)))
  if (isNft) {
    await Promise.all(flavours.map(removeIptables))
    return nftBackend(ranges)
  }
  for (const flavour of mode === 'nftables' ? [] : flavours) {
    const name = await works(probeIptables(flavour))
    if (!name) continue
    await removeNft()
    for (const other of flavours.filter((f) => f !== flavour)) await removeIptables(other)
    log.warn(`Services are carried by ${name}`, { because: refusals.join('; ') || `--proxy ${mode}` })
    return iptablesBackend(ranges, name, iptablesPrograms(flavour))
  }
  throw new BackendMissing('install nftables or iptables, and run as root', new Error(refusals.join('; ')))
}

/** Removes what any backend made on this machine. */
export async function removeBackends(): Promise<void> {
  await removeNft()
  for (const flavour of flavours) await removeIptables(flavour)
}
