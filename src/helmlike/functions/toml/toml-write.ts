// Values to TOML: simple keys first, then tables, both sorted.
import { formatFloat } from '../../gotemplate/float.ts'
import { FunctionError } from '../../gotemplate/run.ts'
import { Int, isList, isMap, sortedKeys, type Value, type ValueMap } from '../../gotemplate/value.ts'
import { TomlError } from './toml-parse.ts'

const INDENT = '  '

/** The value as TOML. Throws TomlError for what has no form in it. */
export function writeToml(v: Value): string {
  if (isTableList(v)) throw new TomlError('toml: top-level values must be Go maps or structs')
  if (!isMap(v)) return inline(v)
  const lines: string[] = []
  table(v, [], lines)
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

const isTableList = (v: Value): v is ValueMap[] => isList(v) && v.length > 0 && v.every(isMap)
const isNil = (v: Value) => v === null || v === undefined

function table(m: ValueMap, path: readonly string[], lines: string[]): void {
  const keys = sortedKeys(m).filter((k) => !isNil(m.get(k)))
  const pad = INDENT.repeat(Math.max(0, path.length))
  for (const k of keys) {
    const v = m.get(k)
    if (!isMap(v) && !isTableList(v)) lines.push(`${pad}${key(k)} = ${inline(v)}`)
  }
  for (const k of keys) {
    const v = m.get(k)
    const inner = [...path, k]
    const name = inner.map(key).join('.')
    if (isMap(v)) {
      if (path.length === 0 && lines.length > 0) lines.push('')
      lines.push(`${pad}[${name}]`)
      table(v, inner, lines)
    } else if (isTableList(v)) {
      for (const item of v) {
        if (lines.length > 0) lines.push('')
        lines.push(`${pad}[[${name}]]`)
        table(item, inner, lines)
      }
    }
  }
}

const key = (k: string) => (/^[A-Za-z0-9_-]+$/.test(k) ? k : text(k))

const ESCAPES: { readonly [ch: string]: string } = {
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
}

function text(s: string): string {
  return `"${s.replace(/[\x00-\x1f"\\\x7f]/g, (ch) => ESCAPES[ch] ?? `\\u${ch.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`
}

function inline(v: Value): string {
  if (typeof v === 'string') return text(v)
  if (typeof v === 'boolean') return String(v)
  if (v instanceof Int) return v.v.toString()
  if (typeof v === 'number') {
    if (Number.isNaN(v)) return 'nan'
    if (!Number.isFinite(v)) return v > 0 ? 'inf' : '-inf'
    const s = formatFloat(v, 'g')
    return s.includes('e') ? formatFloat(v, 'e').replace(/^(-?\d)e/, '$1.0e') : s.includes('.') ? s : `${s}.0`
  }
  if (isList(v)) {
    if (v.some(isNil)) throw new TomlError('toml: cannot encode array with nil element')
    return `[${v.map(inline).join(', ')}]`
  }
  if (isMap(v))
    return `{${sortedKeys(v)
      .map((k) => `${key(k)} = ${inline(v.get(k))}`)
      .join(', ')}}`
  if (isNil(v)) throw new FunctionError('reflect: call of reflect.Value.Type on zero Value')
  throw new TomlError(`toml: cannot encode a value of this type`)
}
