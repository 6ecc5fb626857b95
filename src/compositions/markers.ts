import { parseJson } from '../apimachinery/json.ts'
import type { Json, JsonSchema, ValidationRule } from '../crd/schema/json-schema.ts'

type Fail = (message: string) => Error

/** What the markers behind a type say: `required=true default=3 minimum=1 enum="a,b" description="…" validation="self > 0"`. */
export function markersOf(text: string, base: JsonSchema, fail: Fail): { schema: JsonSchema; required: boolean } {
  let schema: JsonSchema = {}
  let required = false
  const rules: ValidationRule[] = []
  for (const [name, value] of pairsOf(text, fail)) {
    if (name === 'required') required = booleanOf(name, value, fail)
    else if (name === 'validation') rules.push({ rule: value })
    else if (name === 'immutable') {
      if (booleanOf(name, value, fail)) rules.push({ rule: 'self == oldSelf', message: 'cannot be changed' })
    } else schema = { ...schema, ...markerSchema(name, value, base, fail) }
  }
  if (required && schema.default !== undefined) throw fail('required=true and default exclude each other')
  return { schema: { ...schema, ...(rules.length > 0 ? { 'x-kubernetes-validations': rules } : {}) }, required }
}

const numeric: readonly string[] = ['minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems', 'multipleOf']

function markerSchema(name: string, value: string, base: JsonSchema, fail: Fail): JsonSchema {
  if (numeric.includes(name)) {
    const number = Number(value)
    if (value === '' || Number.isNaN(number)) throw fail(`${name}=${value}: must be a number`)
    return { [name]: number }
  }
  switch (name) {
    case 'default':
      return { default: typedValue(value, base, fail) }
    case 'enum':
      return { enum: value.split(',').map((v) => typedValue(v.trim(), base, fail)) }
    case 'description':
    case 'pattern':
    case 'format':
      return { [name]: value }
    case 'uniqueItems':
      return booleanOf(name, value, fail) ? { 'x-kubernetes-list-type': 'set' } : {}
    default: {
      const known = ['required', 'default', 'enum', 'description', 'pattern', 'format', ...numeric]
      throw fail(`there is no marker ${name}; there are ${[...known, 'uniqueItems', 'validation', 'immutable'].join(', ')}`)
    }
  }
}

function typedValue(value: string, { type }: JsonSchema, fail: Fail): Json {
  if (type === 'string') return value
  try {
    return parseJson(value) as Json
  } catch {
    throw fail(`default=${value}: is no ${type ?? 'JSON'}`)
  }
}

function booleanOf(name: string, value: string, fail: Fail): boolean {
  if (value !== 'true' && value !== 'false') throw fail(`${name}=${value}: must be true or false`)
  return value === 'true'
}

/** `a=1 b="x y" c={"d":1}` → pairs; quoted values may have `\"` inside. */
function pairsOf(text: string, fail: Fail): [string, string][] {
  const pairs: [string, string][] = []
  let rest = text.trim()
  while (rest !== '') {
    const match = /^([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|(\{.*?\}(?=\s|$)|\[.*?\](?=\s|$)|\S*))\s*/.exec(rest)
    if (!match) throw fail(`cannot read ${JSON.stringify(rest)}: markers are written name=value, with a space between them`)
    pairs.push([match[1] ?? '', match[2] === undefined ? (match[3] ?? '') : match[2].replace(/\\(.)/g, '$1')])
    rest = rest.slice(match[0].length)
  }
  return pairs
}
