import { freeAddress } from './network.ts'

/** Which pod of this node has which address of its podCIDR. */
export interface AddressPool {
  /** The pod's address, a new one on the first call. Waits until the node has a podCIDR. Throws when none is free. */
  reserve(podUid: string): Promise<string>
  /** Notes what a running sandbox has. */
  adopt(podUid: string, ip: string): void
  /** Somebody else has it: never give it out again, and forget that the pod had it. */
  ban(podUid: string, ip: string): void
  release(podUid: string): void
}

export function createAddressPool(podCidr: Promise<string>): AddressPool {
  const byPod = new Map<string, string>()
  const banned = new Set<string>()
  let last: string | undefined
  return {
    async reserve(podUid) {
      const known = byPod.get(podUid)
      if (known) return known
      const cidr = await podCidr
      const ip = freeAddress(cidr, new Set([...byPod.values(), ...banned]), last)
      if (!ip) throw new Error(`no free address in the node's podCIDR ${cidr}`)
      byPod.set(podUid, ip)
      last = ip
      return ip
    },
    adopt: (podUid, ip) => void byPod.set(podUid, ip),
    ban(podUid, ip) {
      banned.add(ip)
      byPod.delete(podUid)
    },
    release: (podUid) => void byPod.delete(podUid),
  }
}
