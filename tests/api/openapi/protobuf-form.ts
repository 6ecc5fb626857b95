import { createHash } from 'node:crypto'

interface Field {
  readonly number: number
  readonly wire: number
  readonly bytes: Buffer
}

/** The fields of a message; undefined for bytes that are none. */
function fieldsOf(bytes: Buffer): Field[] | undefined {
  const fields: Field[] = []
  let at = 0
  const varint = (): number | undefined => {
    let value = 0
    for (let scale = 1; at < bytes.length; scale *= 128) {
      const byte = bytes[at++] ?? 0
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    return undefined
  }
  while (at < bytes.length) {
    const tag = varint()
    if (tag === undefined || tag < 8) return undefined
    const wire = tag & 7
    const start = at
    const length = wire === 0 ? varint() : wire === 1 ? 8 : wire === 2 ? varint() : undefined
    if (length === undefined) return undefined
    const from = wire === 0 ? start : at
    if (wire !== 0) at += length
    if (at > bytes.length) return undefined
    fields.push({ number: Math.floor(tag / 8), wire, bytes: bytes.subarray(from, at) })
  }
  return fields
}

/** Fields whose parts readers join, by the numbers that lead there. */
interface Joined {
  readonly [number: number]: Joined
}

/** A text that is the same for messages that mean the same: their fields in order, the parts of joined ones as one. Texts that look like messages are read as such. */
function form(bytes: Buffer, joined: Joined): string {
  const fields = fieldsOf(bytes)
  if (!fields) return bytes.toString('latin1')
  const parts = new Map<number, Buffer[]>()
  const lines = fields.flatMap(({ number, wire, bytes: value }) => {
    if (!joined[number]) return [`${number}:${wire === 2 ? form(value, {}) : value.toString('latin1')}`]
    parts.set(number, [...(parts.get(number) ?? []), value])
    return []
  })
  for (const [number, list] of parts) lines.push(`${number}:${form(Buffer.concat(list), joined[number] ?? {})}`)
  return `{${lines.sort().join(';')}}`
}

/** What gnostic's Document joins: paths, and of v3 the components by sort, of v2 definitions, parameters and security. */
const joins: Readonly<Record<'v2' | 'v3', Joined>> = {
  v2: { 8: {}, 9: {}, 10: {}, 13: {} },
  v3: { 4: {}, 5: { 1: {}, 7: {} } },
}

/** SHA-256 of what a document of gnostic's says, in whatever order and parts it is written. */
export const digestOf = (bytes: Uint8Array, version: 'v2' | 'v3'): string =>
  createHash('sha256')
    .update(form(Buffer.from(bytes), joins[version]))
    .digest('hex')
