// bcrypt. The tables of Blowfish are the digits of pi, which are computed when first needed.

const ALPHABET = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const WORDS = 18 + 4 * 256

let tables: { p: Uint32Array; s: Uint32Array } | undefined

/** arctan(1/x) × 2^bits. */
function arctan(x: bigint, bits: bigint): bigint {
  let term = (1n << bits) / x
  let sum = term
  const square = x * x
  for (let n = 3n, sign = -1n; term !== 0n; n += 2n, sign = -sign) {
    term /= square
    sum += (sign * term) / n
  }
  return sum
}

function piTables(): { p: Uint32Array; s: Uint32Array } {
  if (tables) return tables
  const guard = 64n
  const bits = BigInt(WORDS * 32) + guard
  const pi = 4n * (4n * arctan(5n, bits) - arctan(239n, bits))
  const fraction = ((pi - (3n << bits)) >> guard).toString(16).padStart(WORDS * 8, '0')
  const words = new Uint32Array(WORDS)
  for (let i = 0; i < WORDS; i++) words[i] = Number.parseInt(fraction.slice(i * 8, i * 8 + 8), 16)
  tables = { p: words.slice(0, 18), s: words.slice(18) }
  return tables
}

class Blowfish {
  private readonly p: Uint32Array
  private readonly s: Uint32Array
  left = 0
  right = 0

  constructor() {
    const { p, s } = piTables()
    this.p = p.slice()
    this.s = s.slice()
  }

  encrypt(): void {
    const { p, s } = this
    let l = (this.left ^ (p[0] as number)) >>> 0
    let r = this.right
    for (let i = 1; i <= 16; i += 2) {
      r = (r ^ f(s, l) ^ (p[i] as number)) >>> 0
      l = (l ^ f(s, r) ^ (p[i + 1] as number)) >>> 0
    }
    this.left = (r ^ (p[17] as number)) >>> 0
    this.right = l
  }

  /** Mixes the key and, where given, the salt into the tables. */
  expand(key: Uint32Array, salt: Uint32Array | undefined): void {
    for (let i = 0; i < 18; i++) this.p[i] = ((this.p[i] as number) ^ (key[i] as number)) >>> 0
    this.left = this.right = 0
    let at = 0
    const fill = (table: Uint32Array) => {
      for (let i = 0; i < table.length; i += 2) {
        if (salt) {
          this.left = (this.left ^ (salt[at] as number)) >>> 0
          this.right = (this.right ^ (salt[at + 1] as number)) >>> 0
          at = (at + 2) % 4
        }
        this.encrypt()
        table[i] = this.left
        table[i + 1] = this.right
      }
    }
    fill(this.p)
    fill(this.s)
  }
}

function f(s: Uint32Array, x: number): number {
  const a = ((s[x >>> 24] as number) + (s[256 + ((x >>> 16) & 255)] as number)) >>> 0
  return ((a ^ (s[512 + ((x >>> 8) & 255)] as number)) + (s[768 + (x & 255)] as number)) >>> 0
}

/** 18 words of the bytes, over and over. */
function cyclic(bytes: Uint8Array): Uint32Array {
  const words = new Uint32Array(18)
  let at = 0
  for (let i = 0; i < 18; i++) {
    let word = 0
    for (let k = 0; k < 4; k++) {
      word = ((word << 8) | (bytes[at] as number)) >>> 0
      at = (at + 1) % bytes.length
    }
    words[i] = word
  }
  return words
}

function encode(bytes: Uint8Array): string {
  let out = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const [a, b, c] = [bytes[i] as number, bytes[i + 1], bytes[i + 2]]
    out += ALPHABET[a >> 2]
    out += ALPHABET[((a & 3) << 4) | ((b ?? 0) >> 4)]
    if (b === undefined) break
    out += ALPHABET[((b & 15) << 2) | ((c ?? 0) >> 6)]
    if (c === undefined) break
    out += ALPHABET[c & 63]
  }
  return out
}

const MAX_PASSWORD = 72

/** The bcrypt hash (`$2a$…`) of a password of at most 72 bytes with 16 bytes of salt. */
export function bcryptHash(password: Uint8Array, salt: Uint8Array, cost: number): string {
  const key = cyclic(Buffer.concat([password.subarray(0, MAX_PASSWORD), Buffer.from([0])]))
  const saltWords = cyclic(salt)
  const cipher = new Blowfish()
  cipher.expand(key, saltWords)
  for (let i = 0; i < 2 ** cost; i++) {
    cipher.expand(key, undefined)
    cipher.expand(saltWords, undefined)
  }
  const out = Buffer.alloc(24)
  const text = Buffer.from('OrpheanBeholderScryDoubt')
  for (let block = 0; block < 3; block++) {
    cipher.left = text.readUInt32BE(block * 8)
    cipher.right = text.readUInt32BE(block * 8 + 4)
    for (let i = 0; i < 64; i++) cipher.encrypt()
    out.writeUInt32BE(cipher.left, block * 8)
    out.writeUInt32BE(cipher.right, block * 8 + 4)
  }
  return `$2a$${String(cost).padStart(2, '0')}$${encode(salt)}${encode(out.subarray(0, 23))}`
}
