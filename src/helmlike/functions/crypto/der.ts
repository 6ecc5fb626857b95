// ASN.1 DER, as far as certificates need it.

type Der = Buffer

function tagged(tag: number, content: Buffer): Der {
  const n = content.length
  const length =
    n < 128 ? [n] : n < 256 ? [0x81, n] : n < 65536 ? [0x82, n >> 8, n & 255] : [0x83, n >> 16, (n >> 8) & 255, n & 255]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

export const sequence = (...items: Der[]): Der => tagged(0x30, Buffer.concat(items))
export const set = (...items: Der[]): Der => tagged(0x31, Buffer.concat(items))
export const explicit = (n: number, item: Der): Der => tagged(0xa0 + n, item)
/** A context tag that replaces the type's own. */
export const implicit = (n: number, content: Buffer): Der => tagged(0x80 + n, content)
export const octets = (content: Buffer): Der => tagged(0x04, content)
export const utf8 = (s: string): Der => tagged(/^[A-Za-z0-9 '()+,\-./:=?]*$/.test(s) ? 0x13 : 0x0c, Buffer.from(s, 'utf8'))
export const bits = (content: Buffer, unused = 0): Der => tagged(0x03, Buffer.concat([Buffer.from([unused]), content]))
export const yes: Der = tagged(0x01, Buffer.from([255]))
export const none: Der = tagged(0x05, Buffer.alloc(0))

/** A positive integer. */
export function integer(n: bigint): Der {
  let hex = n.toString(16)
  if (hex.length % 2 === 1) hex = `0${hex}`
  if (Number.parseInt(hex.slice(0, 2), 16) >= 128) hex = `00${hex}`
  return tagged(0x02, Buffer.from(hex, 'hex'))
}

export function oid(dotted: string): Der {
  const [a = 0, b = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [a * 40 + b]
  for (const n of rest) {
    const groups = [n & 127]
    for (let left = n >> 7; left > 0; left >>= 7) groups.unshift((left & 127) | 128)
    bytes.push(...groups)
  }
  return tagged(0x06, Buffer.from(bytes))
}

/** A time: two-digit years until 2049, then four. */
export function time(d: Date): Der {
  const text = d.toISOString().replace(/[-:T]/g, '').slice(0, 14)
  return d.getUTCFullYear() < 2050 ? tagged(0x17, Buffer.from(`${text.slice(2)}Z`)) : tagged(0x18, Buffer.from(`${text}Z`))
}

export function pem(type: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${type}-----\n${lines.join('\n')}\n-----END ${type}-----\n`
}
