import { int64, numberOf } from '../json.ts'

/** Fewer digits, hexadecimal or with `_`, are exact in a double. */
const manyDigits = /[0-9a-fA-F_]{13}/

/** For package yaml's option `intAsBigInt`: whether `text` may have integers that a double can't hold. */
export const hasLongIntegers = (text: string): boolean => manyDigits.test(text)

/** The value that Go has of what package yaml made with `intAsBigInt`: numbers as `parseJson` gives them after Go wrote them as JSON. */
export function exactNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') return int64(value) ?? Number(value)
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : numberOf(String(value))
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(exactNumbers)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, exactNumbers(inner)]))
}
