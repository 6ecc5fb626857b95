import { int64 } from './json.ts'

/** A body that is not protobuf, or not of its message. */
export class WireError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'WireError'
  }
}

export const wireVarint = 0
export const wireDouble = 1
export const wireBytes = 2
const wireFixed32 = 5

/** A body that has more fields than anyone means. */
export class TooManyFields extends WireError {}

/** Reads protobuf from `bytes`, between `at` and `end`. */
export class WireReader {
  readonly bytes: Buffer
  at: number
  end: number
  /** How many messages the reader is inside of. */
  depth = 0
  /** How many more fields it reads. */
  fieldsLeft = Number.POSITIVE_INFINITY

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = at
    this.end = end
  }

  byte(): number {
    if (this.at >= this.end) throw new WireError('unexpected EOF')
    return this.bytes[this.at++] as number
  }

  /** Counts a value that is read. Throws TooManyFields. */
  count(): void {
    if (--this.fieldsLeft < 0) throw new TooManyFields('proto: too many fields')
  }

  /** The number of a field, which is counted, with its wire type. */
  tag(): number {
    this.count()
    return this.unsigned()
  }

  /** Another number below 2^32. */
  unsigned(): number {
    const value = this.signed()
    if (value < 0 || value > 0xffffffff) throw new WireError('proto: integer overflow')
    return value
  }

  /** A number of up to 53 bits; a longer one loses its last digits. */
  signed(): number {
    return Number(this.int64())
  }

  /** A number of up to 64 bits, two's complement. */
  int64(): number | bigint {
    let low = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte()
      low |= (byte & 0x7f) << shift
      if (byte < 0x80) return low
    }
    let value = BigInt(low)
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return int64(BigInt.asIntN(64, value)) as number | bigint
    }
    throw new WireError('proto: integer overflow')
  }

  double(): number {
    this.at += 8
    if (this.at > this.end) throw new WireError('unexpected EOF')
    return this.bytes.readDoubleLE(this.at - 8)
  }

  /** The end of what the length that stands here covers. */
  span(): number {
    const length = this.signed()
    if (length < 0) throw new WireError('proto: negative length found during unmarshaling')
    const end = length + this.at
    if (end > this.end) throw new WireError('unexpected EOF')
    return end
  }

  text(): string {
    const end = this.span()
    const text = this.bytes.toString('utf8', this.at, end)
    this.at = end
    return text
  }

  /** The bytes of a field, shared with the body. */
  slice(): Buffer {
    const end = this.span()
    const slice = this.bytes.subarray(this.at, end)
    this.at = end
    return slice
  }

  skip(wire: number): void {
    if (wire === wireVarint) this.signed()
    else if (wire === wireBytes) this.at = this.span()
    else if (wire === wireDouble) this.at += 8
    else if (wire === wireFixed32) this.at += 4
    else throw new WireError(`proto: illegal wireType ${wire}`)
    if (this.at > this.end) throw new WireError('unexpected EOF')
  }
}
