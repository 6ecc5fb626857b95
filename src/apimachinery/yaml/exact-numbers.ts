import { int64, numberOf } from '../json.ts'
import { doubleText } from '../number-text.ts'

/** Fewer digits, hexadecimal or with `_`, are exact in a double. */
const manyDigits = /[0-9a-fA-F_]{13}/

/** For package yaml's option `intAsBigInt`: whether `text` may have integers that a double can't hold. */
export const hasLongIntegers = (text: string): boolean => manyDigits.test(text)

/** JSON can't say it; the message is Go's. */
class UnwritableError extends Error {}

/** The value that Go has of what package yaml made with `goYaml`: numbers as `parseJson` gives them after Go wrote them as JSON. Throws
 *  UnwritableError for infinities and NaN. */
export function exactNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') return int64(value) ?? Number(value)
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : writable(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(exactNumbers)
  if (value instanceof Uint8Array) return Buffer.from(value).toString()
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, exactNumbers(inner)]))
}

function writable(value: number): number | bigint {
  if (!Number.isFinite(value)) throw new UnwritableError(`json: unsupported value: ${doubleText(value)}`)
  return numberOf(String(value))
}
