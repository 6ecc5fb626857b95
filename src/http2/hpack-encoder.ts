import { staticNames, staticTable } from './hpack-table.ts'

/** Values that messages repeat; their bytes are kept. Names come from our own code, values of these names from a short list. */
const repeated = new Set(['content-type', 'cache-control', 'vary', 'content-encoding', 'accept', ':method', ':scheme'])
const kept = new Map<string, Buffer>()
const mostKept = 200

const statuses = new Map(staticTable.flatMap(({ name, value }, i) => (name === ':status' ? [[Number(value), i + 1]] : [])))

/**
 * The header block of an answer. It keeps no table of its own: few fields repeat, and such a block can be made before its turn to be sent.
 * A value that is a list becomes a field for each.
 */
export function encodeHeaders(status: number, headers: Readonly<Record<string, string | readonly string[]>>): Buffer {
  const parts: Buffer[] = [statusField(status)]
  for (const name in headers) {
    const value = headers[name] as string | readonly string[]
    if (typeof value === 'string') parts.push(field(name, value))
    else for (const one of value) parts.push(field(name, one))
  }
  return Buffer.concat(parts)
}

/** A block of these fields in this order, without a table of its own, too. */
export const encodeFields = (fields: readonly (readonly [name: string, value: string])[]): Buffer =>
  Buffer.concat(fields.map(([name, value]) => field(name, value)))

function statusField(status: number): Buffer {
  const key = String(status)
  let bytes = kept.get(key)
  if (!bytes) {
    const index = statuses.get(status)
    bytes = index === undefined ? literal(':status', key) : Buffer.from([0x80 | index])
    kept.set(key, bytes)
  }
  return bytes
}

function field(name: string, value: string): Buffer {
  if (!repeated.has(name)) return literal(name, value)
  const key = `${name}: ${value}`
  let bytes = kept.get(key)
  if (bytes) return bytes
  bytes = literal(name, value)
  if (kept.size < mostKept) kept.set(key, bytes)
  return bytes
}

/** A field that the peer is not to keep. */
function literal(name: string, value: string): Buffer {
  const index = staticNames.get(name) ?? 0
  const out = Buffer.allocUnsafe(16 + (index === 0 ? name.length : 0) + value.length)
  let at = writeInteger(out, 0, 0x00, 4, index)
  if (index === 0) at = writeText(out, at, name)
  at = writeText(out, at, value)
  return out.subarray(0, at)
}

function writeText(out: Buffer, at: number, text: string): number {
  const start = writeInteger(out, at, 0x00, 7, text.length)
  return start + out.write(text, start, 'latin1')
}

function writeInteger(out: Buffer, at: number, flags: number, prefix: number, value: number): number {
  const most = 2 ** prefix - 1
  if (value < most) {
    out[at] = flags | value
    return at + 1
  }
  out[at++] = flags | most
  let rest = value - most
  for (; rest >= 128; rest >>>= 7) out[at++] = 0x80 | (rest & 0x7f)
  out[at++] = rest
  return at
}
