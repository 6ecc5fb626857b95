/** Writes protobuf backwards, from the end of a buffer to its start: the length of a message is known once it is written. */
export class WireWriter {
  private buffer = Buffer.allocUnsafe(64 * 1024)
  /** Where the last byte written stands. */
  private at = this.buffer.length

  /** How many bytes are written: the mark that a message ends at. */
  get length(): number {
    return this.buffer.length - this.at
  }

  private reserve(bytes: number): void {
    if (this.at >= bytes) return
    const written = this.length
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, written + bytes + 1024))
    this.buffer.copy(larger, larger.length - written, this.at)
    this.at = larger.length - written
    this.buffer = larger
  }

  /** Field number and wire type, as one number. */
  tag(tag: number): void {
    this.varint(tag)
  }

  /** A whole number; negative ones take ten bytes, as in Go. */
  varint(value: number | bigint): void {
    if (typeof value === 'bigint') this.wide(BigInt.asUintN(64, value))
    else if (value >= 0 && value < 0x80) {
      this.reserve(1)
      this.buffer[--this.at] = value
    } else if (value >= 0 && value <= 0x7fffffff) {
      const size = value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5
      this.reserve(size)
      this.at -= size
      this.put(value, size)
    } else this.wide(BigInt.asUintN(64, BigInt(Math.trunc(value))))
  }

  private put(value: number, size: number): void {
    let rest = value
    for (let i = 0; i < size - 1; i++) {
      this.buffer[this.at + i] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.buffer[this.at + size - 1] = rest
  }

  private wide(value: bigint): void {
    const bytes: number[] = []
    let rest = value
    for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
    bytes.push(Number(rest))
    this.bytes(Uint8Array.from(bytes))
  }

  double(value: number): void {
    this.reserve(8)
    this.at -= 8
    this.buffer.writeDoubleLE(value, this.at)
  }

  bytes(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.at -= bytes.length
    this.buffer.set(bytes, this.at)
  }

  /** Text with its length before it. */
  text(text: string): void {
    const before = this.length
    const { length } = text
    if (length < 64 && isAscii(text)) {
      this.reserve(length)
      this.at -= length
      for (let i = 0; i < length; i++) this.buffer[this.at + i] = text.charCodeAt(i)
    } else {
      const size = Buffer.byteLength(text)
      this.reserve(size)
      this.at -= size
      this.buffer.write(text, this.at)
    }
    this.varint(this.length - before)
  }

  /** Puts the length of what was written since `mark` (a former `length`) before it. */
  lengthSince(mark: number): void {
    this.varint(this.length - mark)
  }

  /** What is written, as a copy; the writer is empty after that. */
  take(): Buffer {
    const result = Buffer.from(this.buffer.subarray(this.at))
    this.reset()
    return result
  }

  reset(): void {
    if (this.buffer.length > 4 * 1024 * 1024) this.buffer = Buffer.allocUnsafe(64 * 1024)
    this.at = this.buffer.length
  }
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}
