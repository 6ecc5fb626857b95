// Random text, numbers and identifiers, from the host's source of randomness.
import type { Implementation } from '../gotemplate/function-table.ts'
import { FunctionError, LimitError } from '../gotemplate/run.ts'
import { type Int, int, type Value } from '../gotemplate/value.ts'
import type { HostRun } from './host.ts'

const DIGITS = '0123456789'
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ASCII = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('')
const MAX_COUNT = 1 << 20

function checked(count: Int): number {
  if (count.v > BigInt(MAX_COUNT)) throw new LimitError(`more than ${MAX_COUNT} random characters are asked for`)
  return count.v < 0n ? 0 : Number(count.v)
}

/** A number in [0, limit), evenly distributed. */
function below(run: HostRun, limit: bigint): bigint {
  const max = 2n ** 64n
  for (;;) {
    const n = run.shared.host.randomBytes(8).readBigUInt64BE()
    if (n < max - (max % limit)) return n % limit
  }
}

const text = (alphabet: string) => (run: HostRun, count: Int) => {
  const length = checked(count)
  let out = ''
  while (out.length < length) {
    for (const b of run.shared.host.randomBytes(length * 2)) {
      if (b < 256 - (256 % alphabet.length) && out.length < length) out += alphabet[b % alphabet.length]
    }
  }
  return out
}

function uuid(run: HostRun): Value {
  const b = run.shared.host.randomBytes(16)
  b[6] = ((b[6] as number) & 0x0f) | 0x40
  b[8] = ((b[8] as number) & 0x3f) | 0x80
  const hex = b.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

function shuffle(run: HostRun, s: string): Value {
  const chars = [...s]
  for (let i = chars.length - 1; i > 0; i--) {
    const j = Number(below(run, BigInt(i + 1)))
    const ch = chars[i] as string
    chars[i] = chars[j] as string
    chars[j] = ch
  }
  return chars.join('')
}

function randInt(run: HostRun, min: Int, max: Int): Value {
  if (max.v <= min.v) throw new FunctionError('invalid argument to Intn')
  return int(min.v + below(run, max.v - min.v))
}

export const random: { readonly [name: string]: Implementation } = {
  randAlphaNum: text(LETTERS + DIGITS),
  randAlpha: text(LETTERS),
  randAscii: text(ASCII),
  randNumeric: text(DIGITS),
  randBytes: (run: HostRun, count: Int) => run.shared.host.randomBytes(checked(count)).toString('base64'),
  uuidv4: uuid,
  shuffle,
  randInt,
}
