// Decoded YAML as Go's %#v prints it, for the messages about keys that no map can have.

import { quote } from '../go-quote.ts'
import { sortedKeys } from '../key-order.ts'
import { doubleText } from '../number-text.ts'
import type { YamlValue } from './parser.ts'

/** `v` in Go's syntax, in a variable of type interface{}. Keys of inner maps count as texts. */
export function goSyntax(v: YamlValue | undefined): string {
  if (v === null || v === undefined) return '<nil>'
  if (typeof v === 'string') return quote(v)
  if (typeof v === 'number') return Number.isInteger(v) ? BigInt(v).toString() : doubleText(v)
  if (Array.isArray(v)) return `[]interface {}{${v.map(inner).join(', ')}}`
  if (v instanceof Map)
    return `map[interface {}]interface {}{${sortedKeys([...v.keys()])
      .map((k) => `${quote(k)}:${inner(v.get(k))}`)
      .join(', ')}}`
  return String(v)
}

const inner = (v: YamlValue | undefined): string => (v === null || v === undefined ? 'interface {}(nil)' : goSyntax(v))
