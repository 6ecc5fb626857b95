import { type Answer, type Query, type RecordData, type ResourceRecord, rcode, recordType } from './message.ts'

/** The answer to `query` in bytes; cut to its header and question, with the flag that says so, when longer than `limit`. */
export function writeAnswer(query: Query, answer: Answer, limit: number): Buffer {
  const full = encode(query, answer, false)
  return full.length <= limit ? full : writeCut(query)
}

/** The answer that says only that the real one is too long for UDP. */
export const writeCut = (query: Query): Buffer =>
  encode(query, { rcode: rcode.ok, authoritative: false, answers: [], authorities: [], additionals: [] }, true)

/** The bytes of a question to another server. */
export function writeQuery(query: Query): Buffer {
  const bytes = writeCut(query)
  bytes.writeUInt16BE(query.recursionDesired ? 0x0100 : 0, 2)
  return bytes
}

function encode(query: Query, answer: Answer, isCut: boolean): Buffer {
  const writer = new Writer()
  const flags =
    0x8080 |
    (query.opcode << 11) |
    (answer.authoritative ? 0x0400 : 0) |
    (isCut ? 0x0200 : 0) |
    (query.recursionDesired ? 0x0100 : 0) |
    answer.rcode
  const { answers, authorities, additionals } = answer
  for (const n of [query.id, flags, 1, answers.length, authorities.length, additionals.length + (query.hasEdns ? 1 : 0)])
    writer.u16(n)
  writer.name(query.question.name)
  writer.u16(query.question.type)
  writer.u16(query.question.class)
  for (const record of [...answers, ...authorities, ...additionals]) writer.record(record)
  if (query.hasEdns) writer.bytes(Buffer.from([0, 0, recordType.OPT, 0x10, 0, 0, 0, 0, 0, 0, 0]))
  return writer.result()
}

class Writer {
  #buffer = Buffer.alloc(512)
  #length = 0
  readonly #names = new Map<string, number>()

  #reserve(size: number): number {
    const at = this.#length
    this.#length += size
    if (this.#length > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(this.#length, this.#buffer.length * 2))
      this.#buffer.copy(larger, 0, 0, at)
      this.#buffer = larger
    }
    return at
  }
  u16(n: number): void {
    const at = this.#reserve(2)
    this.#buffer.writeUInt16BE(n, at)
  }
  u32(n: number): void {
    const at = this.#reserve(4)
    this.#buffer.writeUInt32BE(n, at)
  }
  bytes(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length)
    this.#buffer.set(bytes, at)
  }
  /** Points to an earlier writing of the same ending where there is one, unless it must be `whole`. */
  name(name: string, whole = false): void {
    const labels = name === '' ? [] : name.split(/(?<!\\)\./)
    for (let i = 0; i < labels.length; i++) {
      const rest = labels.slice(i).join('.')
      const known = this.#names.get(rest)
      if (known !== undefined && !whole) {
        this.u16(0xc000 | known)
        return
      }
      if (this.#length < 0x4000 && known === undefined) this.#names.set(rest, this.#length)
      const label = Buffer.from((labels[i] ?? '').replace(/\\([.\\])/g, '$1'), 'latin1')
      this.bytes(Buffer.from([label.length]))
      this.bytes(label)
    }
    this.bytes(Buffer.from([0]))
  }
  record({ name, ttl, data }: ResourceRecord): void {
    this.name(name)
    this.u16(recordType[data.type])
    this.u16(1)
    this.u32(ttl)
    this.u16(0)
    const start = this.#length
    this.#data(data)
    this.#buffer.writeUInt16BE(this.#length - start, start - 2)
  }
  #data(data: RecordData): void {
    switch (data.type) {
      case 'A':
        this.bytes(Buffer.from(data.address.split('.').map(Number)))
        return
      case 'AAAA':
        this.bytes(ipv6Bytes(data.address))
        return
      case 'TXT': {
        const text = Buffer.from(data.text).subarray(0, 255)
        this.bytes(Buffer.concat([Buffer.from([text.length]), text]))
        return
      }
      case 'SRV':
        for (const n of [data.priority, data.weight, data.port]) this.u16(n)
        // RFC 2782 forbids a pointer here.
        this.name(data.target, true)
        return
      case 'SOA':
        this.name(data.primary)
        this.name(data.mail)
        for (const n of [data.serial, 7200, 1800, 86_400, data.minimum]) this.u32(n)
        return
      default:
        this.name(data.target)
    }
  }
  result(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }
}

function ipv6Bytes(address: string): Buffer {
  const [head = '', tail] = address.split('::')
  const groups = (text: string): number[] => (text === '' ? [] : text.split(':').map((g) => Number.parseInt(g, 16)))
  const front = groups(head)
  const back = tail === undefined ? [] : groups(tail)
  const all = [...front, ...Array<number>(Math.max(0, 8 - front.length - back.length)).fill(0), ...back]
  return Buffer.from(all.flatMap((g) => [(g >> 8) & 0xff, g & 0xff]))
}
