/** An IP address: 4 or 16 bytes. */
export type Address = Uint8Array

export interface Network {
  readonly address: Address
  readonly bits: number
}

/** Reads an address strictly: no leading zeros, no zone. undefined when it is none. */
export function parseAddress(text: string): Address | undefined {
  return text.includes(':') ? parseV6(text, false) : parseV4(text, false)
}

/** As Go before 1.17 did, which the formats of schemas keep: leading zeros are decimal. */
export function parseAddressSloppy(text: string): Address | undefined {
  return text.includes(':') ? parseV6(text, true) : parseV4(text, true)
}

function parseV4(text: string, sloppy: boolean): Address | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  const bytes = parts.map((part) => (/^\d+$/.test(part) && (sloppy || /^(?:0|[1-9]\d{0,2})$/.test(part)) ? Number(part) : 256))
  return bytes.every((byte) => byte <= 255) ? Uint8Array.from(bytes) : undefined
}

function parseV6(text: string, sloppy: boolean): Address | undefined {
  let source = text
  let tail: Address | undefined
  if (source.includes('.')) {
    const colon = source.lastIndexOf(':')
    tail = parseV4(source.slice(colon + 1), sloppy)
    if (tail === undefined) return undefined
    source = `${source.slice(0, colon + 1)}0:0`
  }
  const halves = source.split('::')
  if (halves.length > 2) return undefined
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')))
  const [head = [], rest] = groups
  const count = head.length + (rest?.length ?? 0)
  if (rest === undefined ? count !== 8 : count > 7) return undefined
  const all = rest === undefined ? head : [...head, ...Array<string>(8 - count).fill('0'), ...rest]
  if (!all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
  const bytes = Uint8Array.from(all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]))
  if (tail !== undefined) bytes.set(tail, 12)
  return bytes
}

/** The canonical text (RFC 5952). */
export function addressText(address: Address): string {
  if (address.length === 4) return address.join('.')
  if (isV4Mapped(address)) return `::ffff:${address.slice(12).join('.')}`
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((address[2 * i] as number) << 8) | (address[2 * i + 1] as number)).toString(16),
  )
  const { start, length } = longestZeros(groups)
  if (length < 2) return groups.join(':')
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`
}

function longestZeros(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (let i = 0; i <= groups.length; i++) {
    if (groups[i] === '0') continue
    if (i - start > best.length) best = { start, length: i - start }
    start = i + 1
  }
  return best
}

export const isV4Mapped = (address: Address): boolean =>
  address.length === 16 && address.slice(0, 10).every((byte) => byte === 0) && address[10] === 255 && address[11] === 255

/** Reads `address/bits`. undefined when it is none. */
export function parseNetwork(text: string, sloppy = false): Network | undefined {
  const slash = text.lastIndexOf('/')
  if (slash < 0) return undefined
  const address = (sloppy ? parseAddressSloppy : parseAddress)(text.slice(0, slash))
  const bitsText = text.slice(slash + 1)
  if (address === undefined || !(sloppy ? /^\d{1,3}$/ : /^(?:0|[1-9]\d{0,2})$/).test(bitsText)) return undefined
  const bits = Number(bitsText)
  return bits <= address.length * 8 ? { address, bits } : undefined
}

export const networkText = (network: Network): string => `${addressText(network.address)}/${network.bits}`

/** The address with all bits after the first `bits` cleared. */
export function maskAddress(address: Address, bits: number): Address {
  return address.map((byte, i) => byte & (0xff << Math.max(0, 8 - Math.max(0, bits - 8 * i))) & 0xff)
}

export const sameAddress = (a: Address, b: Address): boolean => a.length === b.length && a.every((byte, i) => byte === b[i])

export function networkContains(network: Network, address: Address): boolean {
  if (network.address.length !== address.length) return false
  return sameAddress(maskAddress(network.address, network.bits), maskAddress(address, network.bits))
}
