import { goTypeOf } from './go-type.ts'
import { WholeFloat } from './json.ts'
import { doubleText, numberText } from './number-text.ts'

/** A JSON value as Go's `%v` prints it: `map[a:1 b:[x y]]`, keys sorted. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`
  if (typeof value === 'number') return numberText(value)
  if (value instanceof WholeFloat) return doubleText(Number(value))
  if (typeof value !== 'object') return String(value)
  const keys = Object.keys(value).sort()
  return `map[${keys.map((key) => `${key}:${goText((value as Record<string, unknown>)[key])}`).join(' ')}]`
}

/** A JSON value as Go's `%s` prints it, who takes it for a text: what is none is shown with its type. */
export function goTextVerb(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return '%!s(<nil>)'
  if (Array.isArray(value)) return `[${value.map(goTextVerb).join(' ')}]`
  if (typeof value !== 'object' || value instanceof WholeFloat) return `%!s(${goTypeOf(value)}=${goText(value)})`
  const keys = Object.keys(value).sort()
  return `map[${keys.map((key) => `${key}:${goTextVerb((value as Record<string, unknown>)[key])}`).join(' ')}]`
}
