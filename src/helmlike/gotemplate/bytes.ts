// Go strings are bytes. Ours are JavaScript strings in which a byte that is not part of valid UTF-8 is the lone surrogate
// U+DC00 + byte, so that binary files survive `.Files.Get x | b64enc`.

/** The bytes of a Go string. */
export function toBytes(s: string): Buffer {
  if (s.isWellFormed()) return Buffer.from(s, 'utf8')
  const parts: Buffer[] = []
  let from = 0
  for (let i = 0; i < s.length; i++) {
    const c = s.charCodeAt(i)
    if (c >= 0xd800 && c <= 0xdbff && i + 1 < s.length) {
      const next = s.charCodeAt(i + 1)
      if (next >= 0xdc00 && next <= 0xdfff) {
        i++
        continue
      }
    }
    if (c >= 0xdc80 && c <= 0xdcff) {
      parts.push(Buffer.from(s.slice(from, i), 'utf8'), Buffer.from([c - 0xdc00]))
      from = i + 1
    }
  }
  parts.push(Buffer.from(s.slice(from), 'utf8'))
  return Buffer.concat(parts)
}

/** The Go string with these bytes. */
export function fromBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const text = buffer.toString('utf8')
  return text.includes('\ufffd') ? decodeLoosely(buffer) : text
}

function decodeLoosely(bytes: Buffer): string {
  let out = ''
  let from = 0
  let i = 0
  while (i < bytes.length) {
    const size = validSequence(bytes, i)
    if (size > 0) {
      i += size
      continue
    }
    out += bytes.toString('utf8', from, i) + String.fromCharCode(0xdc00 + (bytes[i] as number))
    i++
    from = i
  }
  return out + bytes.toString('utf8', from)
}

/** The length of the valid UTF-8 sequence at `i`, or 0. */
function validSequence(b: Buffer, i: number): number {
  const c = b[i] as number
  if (c < 0x80) return 1
  const size = c >= 0xc2 && c <= 0xdf ? 2 : c >= 0xe0 && c <= 0xef ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0
  if (size === 0 || i + size > b.length) return 0
  for (let k = 1; k < size; k++) if (((b[i + k] as number) & 0xc0) !== 0x80) return 0
  const second = b[i + 1] as number
  if ((c === 0xe0 && second < 0xa0) || (c === 0xed && second > 0x9f)) return 0
  if ((c === 0xf0 && second < 0x90) || (c === 0xf4 && second > 0x8f)) return 0
  return size
}

/** The number of bytes of a Go string. */
export function byteLength(s: string): number {
  if (s.isWellFormed()) return Buffer.byteLength(s, 'utf8')
  return toBytes(s).length
}

const ASCII = /^[\x00-\x7f]*$/

/** s[from:to] in bytes. */
export function sliceBytes(s: string, from: number, to?: number): string {
  if (ASCII.test(s)) return s.slice(from, to)
  return fromBytes(toBytes(s).subarray(from, to))
}
