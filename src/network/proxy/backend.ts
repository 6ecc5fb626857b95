import type { Clock } from '../../apimachinery/clock.ts'
import type { Log } from '../../operators/log.ts'
import type { Change, Rules } from './ruleset.ts'
import type { ServicePort } from './service-port.ts'

/** What is the same for all Services of a cluster. */
export interface Ranges {
  /** Clients inside are never bound by the external policy. */
  readonly podCidr: string
  readonly serviceCidr: string
  /** Whether frames that stay on the pods' bridge pass netfilter (br_netfilter), so that their replies are translated back. */
  readonly bridgeFiltered: boolean
}

/** One way to carry Services in the kernel. All keep the same contract (tests/network/proxy/contract.test.ts). */
export interface Backend {
  /** `nftables`, `iptables (nf_tables)` or `iptables (legacy)`. */
  readonly name: string
  /** What the ports of one Service need. Pure. */
  rulesOf(ports: readonly ServicePort[]): Rules
  /** Makes the shared part and `all` anew, whatever was there before, and touches nothing that is not ours. */
  rebuild(all: Change): Promise<void>
  /** Carries out the changes in their order, as one transaction. Throws when the kernel is not as we left it. */
  change(changes: readonly Change[]): Promise<void>
  /** Calls `lost` when another program took the rules away, until the signal aborts. Absent where the kernel does not tell. */
  watch?(lost: () => void, watching: Watching): Promise<void>
}

export interface Watching {
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

/** This backend can not be used on this machine: its program is not there, or the kernel refuses it. */
export class BackendMissing extends Error {
  constructor(what: string, cause: unknown) {
    super(`${what} (${(cause as Error).message.trim().slice(0, 300)})`, { cause })
    this.name = 'BackendMissing'
  }
}
