import { WireReader, wireBytes, wireVarint } from '../../apimachinery/wire-reader.ts'
import { WireWriter } from '../../apimachinery/wire-writer.ts'

/** A field of a message by its number. */
export type Field = readonly [number: number, value: number | boolean | string | Uint8Array | readonly Field[] | undefined]

const writer = new WireWriter()

/** A message of fields; those that are undefined, 0, false or empty are left out, as proto3 does. */
export function encode(fields: readonly Field[]): Buffer {
  writer.reset()
  write(fields)
  return writer.take()
}

function write(fields: readonly Field[]): void {
  for (const [number, value] of [...fields].reverse()) {
    if (value === undefined || value === 0 || value === false || value === '') continue
    if (typeof value === 'number' || typeof value === 'boolean') {
      writer.varint(Number(value))
      writer.tag(number * 8 + wireVarint)
      continue
    }
    const mark = writer.length
    if (typeof value === 'string') writer.bytes(Buffer.from(value))
    else if (value instanceof Uint8Array) writer.bytes(value)
    else write(value)
    writer.lengthSince(mark)
    writer.tag(number * 8 + wireBytes)
  }
}

type Visit = (field: number, reader: WireReader, wire: number) => void

/** Calls `visit` for each field; what it does not read is skipped. */
export function eachField(bytes: Uint8Array, visit: Visit): void {
  const reader = new WireReader(bytes)
  while (reader.at < reader.end) {
    const tag = reader.unsigned()
    const before = reader.at
    visit(tag >>> 3, reader, tag & 7)
    if (reader.at === before) reader.skip(tag & 7)
  }
}
