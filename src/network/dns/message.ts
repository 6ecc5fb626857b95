/** The wire format of DNS (RFC 1035, 2782, 6891), as far as a cluster's name server needs it. */

export const recordType = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, TXT: 16, AAAA: 28, SRV: 33, OPT: 41, ANY: 255 } as const
export const rcode = { ok: 0, formatError: 1, serverFailure: 2, nameError: 3, notImplemented: 4, refused: 5 } as const

export interface Question {
  /** As asked, without the last dot; '' is the root. */
  readonly name: string
  readonly type: number
  readonly class: number
}

export interface Query {
  readonly id: number
  readonly recursionDesired: boolean
  readonly opcode: number
  readonly question: Question
  /** How many bytes of UDP the client takes: 512 unless it says more (EDNS0). */
  readonly udpSize: number
  readonly hasEdns: boolean
}

export type RecordData =
  | { readonly type: 'A' | 'AAAA'; readonly address: string }
  | { readonly type: 'CNAME' | 'PTR' | 'NS'; readonly target: string }
  | { readonly type: 'SRV'; readonly priority: number; readonly weight: number; readonly port: number; readonly target: string }
  | { readonly type: 'TXT'; readonly text: string }
  | { readonly type: 'SOA'; readonly primary: string; readonly mail: string; readonly serial: number; readonly minimum: number }

export interface ResourceRecord {
  readonly name: string
  /** Seconds. */
  readonly ttl: number
  readonly data: RecordData
}

export interface Answer {
  readonly rcode: number
  readonly authoritative: boolean
  readonly answers: readonly ResourceRecord[]
  readonly authorities: readonly ResourceRecord[]
  readonly additionals: readonly ResourceRecord[]
}

/** A message that breaks the format. `id` is set when the answer can still say so. */
export class MalformedMessage extends Error {
  readonly id: number | undefined
  constructor(why: string, id?: number) {
    super(`malformed DNS message: ${why}`)
    this.name = 'MalformedMessage'
    this.id = id
  }
}

const headerSize = 12

/** Reads a query. Throws MalformedMessage. */
export function readQuery(bytes: Buffer): Query {
  if (bytes.length < headerSize) throw new MalformedMessage('shorter than its header')
  const id = bytes.readUInt16BE(0)
  const flags = bytes.readUInt16BE(2)
  // Answering an answer would let two servers talk forever.
  if (flags & 0x8000) throw new MalformedMessage('not a query')
  if (bytes.readUInt16BE(4) !== 1) throw new MalformedMessage('must have one question', id)
  const { name, end } = readName(bytes, headerSize, id)
  if (end + 4 > bytes.length) throw new MalformedMessage('cut question', id)
  const question = { name, type: bytes.readUInt16BE(end), class: bytes.readUInt16BE(end + 2) }
  const edns = findEdns(bytes, end + 4, id)
  return {
    id,
    opcode: (flags >> 11) & 0xf,
    recursionDesired: (flags & 0x0100) !== 0,
    question,
    udpSize: Math.min(Math.max(edns ?? 512, 512), 4096),
    hasEdns: edns !== undefined,
  }
}

function findEdns(bytes: Buffer, start: number, id: number): number | undefined {
  const records = bytes.readUInt16BE(6) + bytes.readUInt16BE(8) + bytes.readUInt16BE(10)
  for (const record of walkRecords(bytes, start, records, id)) if (record.type === recordType.OPT) return record.class
  return undefined
}

interface RawRecord {
  readonly type: number
  readonly class: number
  /** Where in the message its TTL is written. */
  readonly ttlAt: number
  readonly ttl: number
  /** Its data; names inside may point elsewhere into the message. */
  readonly data: Buffer
}

/** The records of a message from `start` on, by their fixed fields. Throws MalformedMessage. */
export function* walkRecords(bytes: Buffer, start: number, count: number, id?: number): Generator<RawRecord> {
  let at = start
  for (let i = 0; i < count; i++) {
    const end = skipName(bytes, at, id)
    if (end + 10 > bytes.length) throw new MalformedMessage('cut record', id)
    const length = bytes.readUInt16BE(end + 8)
    if (end + 10 + length > bytes.length) throw new MalformedMessage('cut record data', id)
    const data = bytes.subarray(end + 10, end + 10 + length)
    yield {
      type: bytes.readUInt16BE(end),
      class: bytes.readUInt16BE(end + 2),
      ttlAt: end + 4,
      ttl: bytes.readUInt32BE(end + 4),
      data,
    }
    at = end + 10 + length
  }
}

/** Where the question section, which has one question, ends. Throws MalformedMessage. */
export const endOfQuestion = (bytes: Buffer): number => {
  if (bytes.length < headerSize || bytes.readUInt16BE(4) !== 1) throw new MalformedMessage('must have one question')
  const end = skipName(bytes, headerSize) + 4
  if (end > bytes.length) throw new MalformedMessage('cut question')
  return end
}

function skipName(bytes: Buffer, start: number, id?: number): number {
  for (let at = start; at < bytes.length; ) {
    const length = bytes.readUInt8(at)
    if (length >= 0xc0) return at + 2
    if (length > 63) throw new MalformedMessage('label too long', id)
    at += 1 + length
    if (length === 0) return at
  }
  throw new MalformedMessage('cut name', id)
}

/** A name without compression, as questions have it: labels of printable characters joined by dots. */
function readName(bytes: Buffer, start: number, id: number): { name: string; end: number } {
  const labels: string[] = []
  let at = start
  let total = 0
  for (;;) {
    if (at >= bytes.length) throw new MalformedMessage('cut name', id)
    const length = bytes.readUInt8(at)
    if (length === 0) return { name: labels.join('.'), end: at + 1 }
    total += length + 1
    if (length > 63 || total > 254) throw new MalformedMessage('name too long', id)
    if (at + 1 + length > bytes.length) throw new MalformedMessage('cut name', id)
    labels.push(bytes.toString('latin1', at + 1, at + 1 + length).replace(/[.\\]/g, '\\$&'))
    at += 1 + length
  }
}

/** The addresses of type A or AAAA among the answers of a message. */
export function* addressesIn(bytes: Buffer, type: number): Generator<{ address: string; ttl: number }> {
  for (const record of walkRecords(bytes, endOfQuestion(bytes), bytes.readUInt16BE(6))) {
    if (record.type !== type || record.data.length !== (type === recordType.A ? 4 : 16)) continue
    const groups = record.data.toString('hex').match(/..../g) ?? []
    yield { address: type === recordType.A ? record.data.join('.') : groups.join(':'), ttl: record.ttl }
  }
}
