/** Lists and watch events put together from objects that are already encoded. */

/** A watch event in protobuf with the length before it, as a stream has it: `object` is a whole body (with its envelope). */
export function protobufEvent(type: string, object: Uint8Array): Buffer {
  const name = Buffer.from(type)
  const rawField = Buffer.concat([Buffer.from([0x0a]), lengthOf(object.length), object])
  const message = Buffer.concat([
    Buffer.from([0x0a]),
    lengthOf(name.length),
    name,
    Buffer.from([0x12]),
    lengthOf(rawField.length),
    rawField,
  ])
  const frame = Buffer.allocUnsafe(4)
  frame.writeUInt32BE(message.length)
  return Buffer.concat([frame, message])
}

/** The message of a list from the message of its metadata and those of its items, in pieces. */
export function protobufListPieces(metadata: Uint8Array, items: Iterable<Uint8Array>): Uint8Array[] {
  const pieces: Uint8Array[] = [Buffer.from([0x0a]), lengthOf(metadata.length), metadata]
  for (const item of items) pieces.push(Buffer.concat([Buffer.from([0x12]), lengthOf(item.length)]), item)
  return pieces
}

function lengthOf(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  bytes.push(rest)
  return Buffer.from(bytes)
}
