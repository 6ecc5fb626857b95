import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { badRequest } from '../../apimachinery/status.ts'

/** What Go calls no global unicast address: this machine itself, its link (cloud metadata!), groups, nowhere. */
const refused = new BlockList()
for (const [net, bits] of [
  ['0.0.0.0', 32],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 4],
  ['255.255.255.255', 32],
] as const)
  refused.addSubnet(net, bits, 'ipv4')
for (const [net, bits] of [
  ['::', 128],
  ['::1', 128],
  ['fe80::', 10],
  ['ff00::', 8],
  ['::ffff:127.0.0.0', 104],
  ['::ffff:169.254.0.0', 112],
] as const)
  refused.addSubnet(net, bits, 'ipv6')

/** Whether the API server may be led to an address that an object's status names. Pure. */
export function isAllowedAddress(address: string | undefined): boolean {
  const family = isIP(address ?? '')
  return family !== 0 && !refused.check(address ?? '', family === 6 ? 'ipv6' : 'ipv4')
}

/** The address of a node, by which it is dialled: what a name resolves to is checked as well. Throws 400. */
export async function nodeAddress(host: string): Promise<string> {
  const addresses = isIP(host) ? [host] : (await lookup(host, { all: true }).catch(nobody(host))).map((a) => a.address)
  if (addresses.some((a) => !isAllowedAddress(a))) throw badRequest('address not allowed')
  return addresses[0] ?? host
}

const nobody = (host: string) => (): never => {
  throw badRequest(`lookup ${host}: no such host`)
}
