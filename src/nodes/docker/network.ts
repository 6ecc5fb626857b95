import type Docker from 'dockerode'
import { label } from './labels.ts'

export interface PodNetwork {
  /** Of the Docker network: `slipway`. */
  readonly name: string
  /** CIDR of all pods of the machine: `10.42.0.0/16`. */
  readonly subnet: string
  readonly gateway: string
}

/** The bridge device of the pod network on the host. */
const bridgeName = 'slipway0'

/** Makes the Docker network that all nodes of this machine share. Throws when one of that name has another subnet. */
export async function ensureNetwork(docker: Docker, network: PodNetwork, clusterId: string): Promise<void> {
  const found = await docker.listNetworks({ filters: { name: [network.name] } })
  const same = found.find((n) => n.Name === network.name)
  if (same) {
    const subnet = same.IPAM?.Config?.[0]?.Subnet
    if (subnet === network.subnet) return
    throw new Error(
      `the Docker network ${network.name} has subnet ${subnet}, not ${network.subnet}: remove it (docker network rm ${network.name})`,
    )
  }
  await docker.createNetwork({
    Name: network.name,
    Driver: 'bridge',
    CheckDuplicate: true,
    IPAM: { Driver: 'default', Config: [{ Subnet: network.subnet, Gateway: network.gateway }] },
    Options: {
      'com.docker.network.bridge.name': bridgeName,
      'com.docker.network.bridge.enable_icc': 'true',
      'com.docker.network.bridge.enable_ip_masquerade': 'true',
    },
    Labels: { [label.cluster]: clusterId },
  })
}

const numberOf = (ip: string): number => ip.split('.').reduce((n, part) => n * 256 + Number(part), 0)
const textOf = (n: number): string => [24, 16, 8, 0].map((shift) => Math.floor(n / 2 ** shift) % 256).join('.')

/** A free address of `podCIDR` after `last` (round-robin, so that addresses are reused late); undefined when all are taken. */
export function freeAddress(podCidr: string, taken: ReadonlySet<string>, last?: string): string | undefined {
  const [base = '', bits = '24'] = podCidr.split('/')
  const first = numberOf(base)
  const size = 2 ** (32 - Number(bits))
  const from = last ? numberOf(last) - first : 1
  for (let i = 1; i <= size; i++) {
    const offset = (from + i) % size
    // The network's own, the gateway's and the broadcast address.
    if (offset < 2 || offset === size - 1) continue
    const ip = textOf(first + offset)
    if (!taken.has(ip)) return ip
  }
  return undefined
}
