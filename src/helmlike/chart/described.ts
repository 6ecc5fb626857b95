// A value in few words, for errors that tell what was wrong with it.
import { Int, isList, isMap, type Value } from '../gotemplate/value.ts'

const LONGEST = 40
const SECRET = /pass|secret|token|key|credential/i

/** A value in few words; what looks like a secret by its path is not shown. */
export function described(v: Value, path: readonly string[]): string {
  if (v === null || v === undefined) return 'null'
  if (isList(v)) return `a list of ${v.length}`
  if (isMap(v)) {
    const keys = [...v.keys()]
    return keys.length === 0 ? 'an empty map' : `a map of ${keys.slice(0, 5).join(', ')}${keys.length > 5 ? ', …' : ''}`
  }
  if (typeof v === 'string') {
    if (path.some((name) => SECRET.test(name))) return 'a string that is not shown'
    return `the string ${JSON.stringify(v.length > LONGEST ? `${v.slice(0, LONGEST)}…` : v)}`
  }
  if (typeof v === 'boolean') return `the boolean ${v}`
  return v instanceof Int ? `the number ${v.v}` : `the number ${String(v)}`
}
