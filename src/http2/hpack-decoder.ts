import { ConnectionError, ErrorCode } from './frame.ts'
import { decodeHuffman } from './hpack-huffman.ts'
import { type Field, staticTable } from './hpack-table.ts'

const tableBytes = 4096
/** What RFC 7541 counts for each entry besides its text. */
const entryBytes = 32

const broken = (why: string) => new ConnectionError(ErrorCode.compression, why)

/** Reads header blocks of one connection; what they have in common is kept in a table, up to 4 KiB. */
export class HpackDecoder {
  readonly #maxListBytes: number
  /** The newest last. */
  readonly #entries: Field[] = []
  #size = 0
  #limit = tableBytes
  #at = 0

  constructor(maxListBytes: number) {
    this.#maxListBytes = maxListBytes
  }

  /** The fields of `block`; undefined when they are longer than the limit (the table is then still right). Throws ConnectionError. */
  decode(block: Buffer): Field[] | undefined {
    const fields: Field[] = []
    let bytes = 0
    this.#at = 0
    while (this.#at < block.length) {
      const first = block[this.#at] as number
      if ((first & 0xe0) === 0x20) {
        if (fields.length > 0) throw broken('a table size update after a field')
        this.#resize(this.#integer(block, 5))
        continue
      }
      const field = this.#field(block, first)
      bytes += field.name.length + field.value.length + entryBytes
      if (bytes <= this.#maxListBytes) fields.push(field)
    }
    return bytes <= this.#maxListBytes ? fields : undefined
  }

  #field(block: Buffer, first: number): Field {
    if (first & 0x80) return this.#entry(this.#integer(block, 7))
    const isKept = (first & 0x40) !== 0
    const index = this.#integer(block, isKept ? 6 : 4)
    const name = index === 0 ? this.#string(block) : this.#entry(index).name
    const field = { name, value: this.#string(block) }
    if (isKept) this.#keep(field)
    return field
  }

  #entry(index: number): Field {
    const found =
      index <= staticTable.length ? staticTable[index - 1] : this.#entries[this.#entries.length - (index - staticTable.length)]
    if (!found) throw broken(`no entry has the index ${index}`)
    return found
  }

  #keep(field: Field): void {
    this.#entries.push(field)
    this.#size += field.name.length + field.value.length + entryBytes
    this.#evict()
  }

  #resize(limit: number): void {
    if (limit > tableBytes) throw broken('a table larger than agreed')
    this.#limit = limit
    this.#evict()
  }

  #evict(): void {
    while (this.#size > this.#limit) {
      const oldest = this.#entries.shift()
      if (!oldest) return
      this.#size -= oldest.name.length + oldest.value.length + entryBytes
    }
  }

  #integer(block: Buffer, prefix: number): number {
    const most = 2 ** prefix - 1
    let value = (block[this.#at++] as number) & most
    if (value < most) return value
    for (let scale = 1; ; scale *= 128) {
      const byte = block[this.#at++]
      if (byte === undefined || scale > 2 ** 28) throw broken('an integer without end')
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }

  #string(block: Buffer): string {
    const first = block[this.#at]
    if (first === undefined) throw broken('a field without its value')
    const length = this.#integer(block, 7)
    const from = this.#at
    const to = from + length
    if (to > block.length) throw broken('a text longer than its block')
    this.#at = to
    if (first < 0x80) return block.toString('latin1', from, to)
    const text = decodeHuffman(block, from, to)
    if (text === undefined) throw broken('a text that is not in the Huffman code')
    return text
  }
}
