import type { JsonSchema } from '../json-schema.ts'
import { atKey, child } from '../path.ts'

const TOKEN = /'(?:\\.|[^'\\])*'|[.[\]]|[^.[\]']+|'/gy
const ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  "'": "'",
  '\\': '\\',
}

/** The place in an object that a path such as `.spec.map['key']` names, and the schema there. Throws Error saying what is wrong. */
export function resolveFieldPath(path: string, schema: JsonSchema, arrayNotation = true): { path: string; schema: JsonSchema } {
  const tokens = path.match(TOKEN) ?? []
  let current = schema
  let resolved = ''
  for (let i = 0; i < tokens.length; ) {
    const token = tokens[i++]
    const next = tokens[i++]
    if (token !== '.' && token !== '[') throw new Error(`expected [ or . but got: ${token}`)
    if (token === '[' && !arrayNotation) throw new Error('array notation is not allowed')
    if (next === undefined) throw new Error('unexpected end of JSON path')
    const name = token === '.' ? next : unquote(next)
    const { properties = {}, additionalProperties }: JsonSchema = current
    if (Object.keys(properties).length > 0) {
      resolved = child(resolved, name)
      const property = Object.hasOwn(properties, name) ? properties[name] : undefined
      if (property === undefined) throw new Error('does not refer to a valid field')
      current = property
    } else if (additionalProperties !== undefined) {
      resolved = atKey(resolved, name)
      current = typeof additionalProperties === 'object' ? additionalProperties : {}
    } else throw new Error('does not refer to a valid field')
    if (token === '.') continue
    const close = tokens[i++]
    if (close === undefined) throw new Error('unexpected end of JSON path')
    if (close !== ']') throw new Error(`expected ] but got ${close}`)
  }
  return { path: resolved, schema: current }
}

function unquote(token: string): string {
  if (token.length < 2 || !token.startsWith("'") || !token.endsWith("'"))
    throw new Error(`expected single quoted string but got ${token}`)
  return token.slice(1, -1).replace(/\\./gs, (written) => {
    const char = ESCAPES[written[1] as string]
    if (char === undefined) throw new Error(`invalid string literal: invalid escape char ${written}`)
    return char
  })
}
