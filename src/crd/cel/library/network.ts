import {
  type Address,
  addressText,
  isV4Mapped,
  maskAddress,
  type Network,
  networkContains,
  networkText,
  parseAddress,
  parseNetwork,
  sameAddress,
} from '../../formats/address.ts'
import type { CallEstimator, Operand } from '../cost-estimate.ts'
import { add, ONE, type Range, STRING_TRAVERSAL, scale } from '../cost-range.ts'
import type { Library, Overload } from '../environment.ts'
import { BOOL, INT, opaqueType, STRING } from '../types.ts'
import { CelError, CelOpaque, type Value } from '../values.ts'
import { traversal } from './costs.ts'
import { method, overload } from './signature.ts'

const IP = opaqueType('net.IP')
const CIDR = opaqueType('net.CIDR')

class CelIp extends CelOpaque {
  readonly type = IP
  readonly address: Address
  constructor(address: Address) {
    super()
    this.address = address
  }
  equals(other: CelOpaque): boolean {
    return sameAddress(this.address, (other as CelIp).address)
  }
  override get costSize(): number {
    return this.address.length
  }
}

class CelCidr extends CelOpaque {
  readonly type = CIDR
  readonly network: Network
  constructor(network: Network) {
    super()
    this.network = network
  }
  equals(other: CelOpaque): boolean {
    const { network } = other as CelCidr
    return this.network.bits === network.bits && sameAddress(this.network.address, network.address)
  }
  override get costSize(): number {
    return Math.ceil(this.network.bits / 8)
  }
}

const mapped = (text: string): string => `IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`

function toIp(text: string): CelIp {
  const quoted = JSON.stringify(text)
  const zone = /^(.*:.*)%(.+)$/.exec(text)
  if (zone !== null && parseAddress(zone[1] as string) !== undefined) {
    throw new CelError(`IP address ${quoted} with zone value is not allowed`)
  }
  const address = parseAddress(text)
  if (address === undefined) {
    throw new CelError(`IP Address ${quoted} parse error during conversion from string: ParseAddr(${quoted}): unable to parse IP`)
  }
  if (isV4Mapped(address)) throw new CelError(mapped(text))
  return new CelIp(address)
}

function toCidr(text: string): CelCidr {
  const prefix = 'network address parse error during conversion from string: '
  const network = parseNetwork(text)
  if (network === undefined) {
    const why = text.includes('/') ? 'bad bits or address' : "no '/'"
    throw new CelError(`${prefix}${prefix}netip.ParsePrefix(${JSON.stringify(text)}): ${why}`)
  }
  if (isV4Mapped(network.address)) throw new CelError(`${prefix}${mapped(text)}`)
  return new CelCidr(network)
}

function parses(parse: (text: string) => unknown): (text: string) => boolean {
  return (text) => {
    try {
      parse(text)
      return true
    } catch (error) {
      if (error instanceof CelError) return false
      throw error
    }
  }
}

const isUnspecified = (ip: Address): boolean => ip.every((byte) => byte === 0)
const isLoopback = (ip: Address): boolean =>
  ip.length === 4 ? ip[0] === 127 : ip.every((byte, i) => byte === (i === 15 ? 1 : 0))
const isLinkLocalMulticast = (ip: Address): boolean =>
  ip.length === 4 ? ip[0] === 224 && ip[1] === 0 && ip[2] === 0 : ip[0] === 0xff && ((ip[1] as number) & 0x0f) === 2
const isLinkLocalUnicast = (ip: Address): boolean =>
  ip.length === 4 ? ip[0] === 169 && ip[1] === 254 : ip[0] === 0xfe && ((ip[1] as number) & 0xc0) === 0x80
const isMulticast = (ip: Address): boolean => (ip.length === 4 ? ((ip[0] as number) & 0xf0) === 0xe0 : ip[0] === 0xff)
const isBroadcast = (ip: Address): boolean => ip.length === 4 && ip.every((byte) => byte === 255)

function isGlobalUnicast(ip: Address): boolean {
  return ![isBroadcast, isUnspecified, isLoopback, isMulticast, isLinkLocalUnicast].some((is) => is(ip))
}

const containsIp = ({ network }: CelCidr, { address }: CelIp): boolean => networkContains(network, address)

function containsCidr({ network }: CelCidr, { network: inner }: CelCidr): boolean {
  return network.bits <= inner.bits && networkContains(network, inner.address)
}

/** Comparing 4 or 16 bytes twice, and reading the other operand when it is a text. */
function containment(text: boolean, masks: boolean): Pick<Overload, 'cost' | 'estimate'> {
  const bytes: Range = { min: 4, max: 16 }
  const estimate: CallEstimator = (operands, sizes) => {
    let cost = scale(add(bytes, bytes), STRING_TRAVERSAL)
    if (masks) cost = add(add(cost, scale(bytes, STRING_TRAVERSAL)), ONE)
    if (text) cost = add(cost, scale(sizes.of(operands[1] as Operand), STRING_TRAVERSAL))
    return { cost }
  }
  const cost = (args: readonly Value[]): number => {
    const size = (args[0] as CelCidr).costSize
    const own = Math.ceil(2 * size * STRING_TRAVERSAL) + (masks ? Math.ceil(size * STRING_TRAVERSAL) + 1 : 0)
    return own + (text ? Math.ceil((args[1] as string).length * STRING_TRAVERSAL) : 0)
  }
  return { cost, estimate }
}

const test = (id: string, holds: (ip: Address) => boolean): Overload[] => [
  method(id, [IP], BOOL, ({ address }: CelIp) => holds(address)),
]

/** Kubernetes' IP addresses and CIDR ranges. */
export const network: Library = {
  types: [IP, CIDR],
  functions: {
    ip: [
      overload('string_to_ip', [STRING], IP, toIp, traversal(0)),
      method('cidr_ip', [CIDR], IP, ({ network }: CelCidr) => new CelIp(network.address)),
    ],
    isIP: [overload('is_ip', [STRING], BOOL, parses(toIp), traversal(0))],
    'ip.isCanonical': [
      overload(
        'ip_is_canonical',
        [STRING],
        BOOL,
        (text: string) => addressText(toIp(text).address) === text,
        traversal(0, { times: 2 }),
      ),
    ],
    family: [method('ip_family', [IP], INT, ({ address }: CelIp) => (address.length === 4 ? 4 : 6))],
    isUnspecified: test('ip_is_unspecified', isUnspecified),
    isLoopback: test('ip_is_loopback', isLoopback),
    isLinkLocalMulticast: test('ip_is_link_local_multicast', isLinkLocalMulticast),
    isLinkLocalUnicast: test('ip_is_link_local_unicast', isLinkLocalUnicast),
    isGlobalUnicast: test('ip_is_global_unicast', isGlobalUnicast),
    cidr: [overload('string_to_cidr', [STRING], CIDR, toCidr, traversal(0))],
    isCIDR: [overload('is_cidr', [STRING], BOOL, parses(toCidr), traversal(0))],
    containsIP: [
      method(
        'cidr_contains_ip_string',
        [CIDR, STRING],
        BOOL,
        (cidr: CelCidr, text: string) => containsIp(cidr, toIp(text)),
        containment(true, false),
      ),
      method('cidr_contains_ip_ip', [CIDR, IP], BOOL, containsIp, containment(false, false)),
    ],
    containsCIDR: [
      method(
        'cidr_contains_cidr_string',
        [CIDR, STRING],
        BOOL,
        (cidr: CelCidr, text: string) => containsCidr(cidr, toCidr(text)),
        containment(true, true),
      ),
      method('cidr_contains_cidr', [CIDR, CIDR], BOOL, containsCidr, containment(false, true)),
    ],
    prefixLength: [method('cidr_prefix_length', [CIDR], INT, ({ network }: CelCidr) => network.bits)],
    masked: [
      method('cidr_masked', [CIDR], CIDR, ({ network }: CelCidr) => {
        return new CelCidr({ address: maskAddress(network.address, network.bits), bits: network.bits })
      }),
    ],
    string: [
      overload('ip_to_string', [IP], STRING, ({ address }: CelIp) => addressText(address)),
      overload('cidr_to_string', [CIDR], STRING, ({ network }: CelCidr) => networkText(network)),
    ],
  },
}
