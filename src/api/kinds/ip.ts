import { isIPv6 } from 'node:net'
import { invalid } from '../../apimachinery/field-error.ts'
import type { Errors } from './errors.ts'

/** Addresses and CIDRs as k8s.io/apimachinery/pkg/util/validation/ip.go reads them. */

const embedded = /^(.*:)([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)$/
const mostDigits = 10

/** The four bytes; leading zeros are let through and are decimal. An object may have tens of thousands: nothing is cut out of the text. */
function parseV4(text: string): number[] | undefined {
  const bytes: number[] = []
  let byte = 0
  let digits = 0
  for (let i = 0; i <= text.length; i++) {
    const c = i < text.length ? text.charCodeAt(i) : dot
    if (c === dot) {
      if (digits === 0 || digits > mostDigits || bytes.push(byte) > 4) return undefined
      byte = 0
      digits = 0
      continue
    }
    byte = byte * 10 + c - zero
    if (c < zero || c > nine || byte > 255) return undefined
    digits++
  }
  return bytes.length === 4 ? bytes : undefined
}

const dot = 0x2e
const zero = 0x30
const nine = 0x39

const v4Text = ([a, b, c, d]: readonly number[]): string => `${a}.${b}.${c}.${d}`

export interface Address {
  readonly family: 4 | 6
  readonly bytes: readonly number[]
  /** As Go's net.IP writes it; IPv4 in IPv6 becomes IPv4. */
  readonly text: string
  /** Written with leading zeros in its IPv4 part. */
  readonly hasLeadingZeros: boolean
  readonly isMapped: boolean
}

/** Reads an address, with leading zeros too; undefined when it is none. */
export function parseIp(text: string): Address | undefined {
  const v4 = parseV4(text)
  if (v4) {
    const written = v4Text(v4)
    return { family: 4, bytes: v4, text: written, hasLeadingZeros: written !== text, isMapped: false }
  }
  if (!text.includes(':') || text.includes('%')) return undefined
  const tail = embedded.exec(text)
  const inner = tail ? parseV4(tail[2] ?? '') : undefined
  if (tail && !inner) return undefined
  const clean = tail && inner ? `${tail[1]}${inner.join('.')}` : text
  if (!isIPv6(clean)) return undefined
  const bytes = bytesOfV6(clean)
  const isMapped = bytes.slice(0, 10).every((b) => b === 0) && bytes[10] === 255 && bytes[11] === 255
  if (isMapped) {
    const v4Bytes = bytes.slice(12)
    return { family: 4, bytes: v4Bytes, text: v4Bytes.join('.'), hasLeadingZeros: clean !== text, isMapped }
  }
  return { family: 6, bytes, text: formatV6(bytes), hasLeadingZeros: clean !== text, isMapped }
}

function bytesOfV6(text: string): number[] {
  const tail = embedded.exec(text)
  const v4 = tail ? parseV4(tail[2] ?? '') : undefined
  const groupsText = v4
    ? `${tail?.[1]}${(((v4[0] ?? 0) << 8) | (v4[1] ?? 0)).toString(16)}:${(((v4[2] ?? 0) << 8) | (v4[3] ?? 0)).toString(16)}`
    : text
  const [head = '', rest] = groupsText.split('::')
  const groups = (part: string | undefined) => (part ? part.split(':') : [])
  const left = groups(head)
  const right = groups(rest)
  const zeros = rest === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0')
  return [...left, ...zeros, ...right].flatMap((group) => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 255]
  })
}

function formatV6(bytes: readonly number[]): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0))
  let best = { start: -1, length: 1 }
  for (let i = 0; i < 8; i++) {
    let end = i
    while (end < 8 && groups[end] === 0) end++
    if (end - i > best.length) best = { start: i, length: end - i }
  }
  const hex = (list: number[]) => list.map((g) => g.toString(16)).join(':')
  if (best.start < 0) return hex(groups)
  return `${hex(groups.slice(0, best.start))}::${hex(groups.slice(best.start + best.length))}`
}

const notAnIp = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'

/** A field that once took sloppy addresses: new ones are strict, those in `known` stay. */
export function checkLegacyIp(
  value: string,
  at: string,
  errors: Errors,
  known: readonly (string | undefined)[] = [],
): Address | undefined {
  const ip = parseIp(value)
  if (!known.includes(value)) for (const problem of problemsOfIp(ip)) errors.push(invalid(at, value, problem))
  return ip
}

const ipProblems = (value: string): string[] => problemsOfIp(parseIp(value))

function problemsOfIp(ip: Address | undefined): string[] {
  if (!ip) return [notAnIp]
  if (ip.hasLeadingZeros) return ['must not have leading 0s']
  return ip.isMapped ? ['must not be an IPv4-mapped IPv6 address'] : []
}

/** An address in canonical form: what is wrong, if anything. */
export function strictIpProblems(value: string): string[] {
  const problems = ipProblems(value)
  if (problems.length > 0) return problems
  const text = parseIp(value)?.text ?? ''
  return text === value ? [] : [`must be in canonical form (${JSON.stringify(text)})`]
}

export interface Cidr {
  readonly address: Address
  readonly prefix: number
  /** The network, e.g. `10.0.0.0/8`. */
  readonly text: string
  readonly hasHostBits: boolean
  readonly hasLeadingZeros: boolean
}

const prefixLength = /^[0-9]{1,3}$/

export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/')
  if (slash < 0) return undefined
  const address = parseIp(text.slice(0, slash))
  const bits = text.slice(slash + 1)
  if (!address || !prefixLength.test(bits)) return undefined
  const prefix = Number(bits)
  const full = address.isMapped ? [...Array.from({ length: 10 }, () => 0), 255, 255, ...address.bytes] : address.bytes
  if (prefix > full.length * 8) return undefined
  const network = networkOf(full, prefix)
  const textOf = network.length === 4 ? v4Text(network) : formatV6(network)
  return {
    address,
    prefix,
    text: `${textOf}/${prefix}`,
    hasHostBits: network.some((b, i) => b !== full[i]),
    hasLeadingZeros: address.hasLeadingZeros || (bits.length > 1 && bits.startsWith('0')),
  }
}

/** `bytes` without the bits beyond `prefix`. */
export const networkOf = (bytes: readonly number[], prefix: number): number[] => bytes.map((b, i) => b & maskByte(prefix - i * 8))

const maskByte = (bits: number): number => (bits >= 8 ? 255 : bits <= 0 ? 0 : (255 << (8 - bits)) & 255)

const notACidr = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'

const cidrProblems = (value: string): string[] => problemsOf(parseCidr(value))

function problemsOf(cidr: Cidr | undefined): string[] {
  if (!cidr) return [notACidr]
  if (cidr.hasLeadingZeros) return ['must not have leading 0s in IP or prefix length']
  if (cidr.address.isMapped) return ['must not have an IPv4-mapped IPv6 address']
  return cidr.hasHostBits ? ['must not have bits set beyond the prefix length'] : []
}

/** An address with the length of its network's prefix, as an interface has it. */
export function interfaceAddressProblems(value: string): string[] {
  const cidr = parseCidr(value)
  if (!cidr) return ['must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)']
  const prefix = cidr.address.isMapped && cidr.prefix > 32 ? cidr.prefix - 96 : cidr.prefix
  const text = `${cidr.address.text}/${prefix}`
  return text === value ? [] : [`must be in canonical form (${JSON.stringify(text)})`]
}

export function strictCidrProblems(value: string): string[] {
  const problems = cidrProblems(value)
  if (problems.length > 0) return problems
  const text = parseCidr(value)?.text ?? ''
  return text === value ? [] : [`must be in canonical form (${JSON.stringify(text)})`]
}

/** As `checkLegacyIp`, for a network; gives what `value` was read as. */
export function checkLegacyCidr(
  value: string,
  at: string,
  errors: Errors,
  known: ReadonlySet<string> = nothing,
): Cidr | undefined {
  const cidr = parseCidr(value)
  if (!known.has(value)) for (const problem of problemsOf(cidr)) errors.push(invalid(at, value, problem))
  return cidr
}

const nothing: ReadonlySet<string> = new Set()

/** Warnings for an address that is taken but should be written otherwise. */
export function ipWarnings(value: string, at: string): string[] {
  const ip = parseIp(value)
  if (!ip) return []
  if (ip.hasLeadingZeros || ip.isMapped) {
    return [`${at}: non-standard IP address ${JSON.stringify(value)} is invalid: use ${JSON.stringify(ip.text)}`]
  }
  if (ip.family !== 6 || ip.text === value) return []
  return [`${at}: IPv6 address ${JSON.stringify(value)} should be in RFC 5952 canonical format (${JSON.stringify(ip.text)})`]
}

export function cidrWarnings(value: string, at: string): string[] {
  const cidr = parseCidr(value)
  if (!cidr) return []
  const quoted = JSON.stringify(value)
  const network = JSON.stringify(cidr.text)
  const warnings: string[] = []
  if (cidr.hasHostBits) {
    const single = `${cidr.address.text}/${cidr.address.bytes.length * 8}`
    warnings.push(`${at}: CIDR value ${quoted} is ambiguous in this context (should be ${network} or ${JSON.stringify(single)}?)`)
  }
  if (cidr.hasLeadingZeros || cidr.address.isMapped) {
    warnings.push(`${at}: non-standard CIDR value ${quoted} is invalid: use ${network}`)
  }
  if (warnings.length === 0 && cidr.address.family === 6 && cidr.text !== value) {
    warnings.push(`${at}: IPv6 CIDR value ${quoted} should be in RFC 5952 canonical format (${network})`)
  }
  return warnings
}
