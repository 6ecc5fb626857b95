// The grammar of --set, --set-string, --set-json, --set-file and --set-literal.
import { int64, isList, isMap, type List, typeName, type Value, type ValueMap } from '../gotemplate/value.ts'
import { fromPlain } from '../yaml/json.ts'

/** A --set text that is no assignment. */
export class SetError extends Error {
  /** Where reading ended, and what else may help. */
  hint: string | undefined
  constructor(message: string) {
    super(message)
    this.name = 'SetError'
  }
}

export interface SetStyle {
  /** What a written value stands for. */
  readonly convert: (text: string) => Value
  readonly json: boolean
  /** Commas, braces and backslashes mean nothing. */
  readonly literal: boolean
}

const MAX_INDEX = 65_536
const MAX_NESTING = 30

/** `true`, `null` and integers as such, all else as text. */
function typed(text: string): Value {
  const lower = text.toLowerCase()
  if (lower === 'true') return true
  if (lower === 'false') return false
  if (lower === 'null') return null
  if (text === '0') return int64(0)
  if (/^[+-]?\d+$/.test(text) && !text.startsWith('0')) {
    const n = BigInt(text.replace('+', ''))
    if (n < 2n ** 63n && n >= -(2n ** 63n)) return int64(n)
  }
  return text
}

export const SET: SetStyle = { convert: typed, json: false, literal: false }
export const SET_STRING: SetStyle = { convert: (s) => s, json: false, literal: false }
export const SET_JSON: SetStyle = { convert: (s) => s, json: true, literal: false }
export const SET_LITERAL: SetStyle = { convert: (s) => s, json: false, literal: true }
export const setFile = (read: (path: string) => string): SetStyle => ({ convert: read, json: false, literal: false })

/** Writes the assignments of `text` into `values`. Throws SetError. */
export function setValues(text: string, values: ValueMap, style: SetStyle): void {
  const parser = new Parser(text, style)
  try {
    parser.all(values)
  } catch (e) {
    if (e instanceof SetError) e.hint = hintFor(text, parser.position, e.message)
    throw e
  }
}

const ROOM = 30

/** The text up to where reading ended, and how a value holds what the grammar takes for its own. */
function hintFor(text: string, position: number, message: string): string {
  const read = [...text].slice(Math.max(0, position - ROOM), position).join('')
  const where = `at character ${position} of ${text.length}, behind ${JSON.stringify(position > ROOM ? `…${read}` : read)}`
  if (/has no value$/.test(message) && text.includes(',')) return `${where}; a comma within a value is written \\,`
  if (/unable to parse key/.test(message)) return `${where}; a dot within a name is written \\.`
  return where
}

/** Thrown at the end of the text: what is read so far counts. */
const END = Symbol('end')

class Parser {
  private readonly chars: string[]
  private readonly style: SetStyle
  private i = 0

  constructor(text: string, style: SetStyle) {
    this.chars = [...text]
    this.style = style
  }

  /** How many characters have been read. */
  get position(): number {
    return this.i
  }

  all(values: ValueMap): void {
    while (this.key(values, 0) !== END);
  }

  /** Characters up to one of `stops` (which is read too); backslashes escape. */
  private until(stops: string): { text: string; stop: string | undefined } {
    let text = ''
    while (this.i < this.chars.length) {
      const ch = this.chars[this.i++] as string
      if (stops.includes(ch)) return { text, stop: ch }
      if (ch === '\\' && !this.style.literal) {
        if (this.i >= this.chars.length) return { text, stop: undefined }
        text += this.chars[this.i++]
      } else text += ch
    }
    return { text, stop: undefined }
  }

  private key(values: ValueMap, nesting: number): typeof END | undefined {
    const { text: k, stop } = this.until(this.style.literal ? '=[.' : '=[,.')
    switch (stop) {
      case undefined:
        if (k === '') return END
        throw new SetError(`key ${JSON.stringify(k)} has no value`)
      case '[':
        return this.indexed(values, k, nesting)
      case '=':
        return this.assigned(values, k)
      case ',':
        put(values, k, '')
        throw new SetError(`key ${JSON.stringify(k)} has no value (cannot end with ,)`)
      default:
        return this.nested(values, k, nesting)
    }
  }

  private nested(values: ValueMap, k: string, nesting: number): typeof END | undefined {
    if (nesting + 1 > MAX_NESTING)
      throw new SetError(`value name nested level is greater than maximum supported nested level of ${MAX_NESTING}`)
    const old = values.get(k)
    if (values.has(k) && !isMap(old)) throw converted(old, 'map[string]interface {}')
    const inner: ValueMap = isMap(old) ? old : new Map()
    const end = this.key(inner, nesting + 1)
    if (end !== END && inner.size === 0) throw new SetError(`key map ${JSON.stringify(k)} has no value`)
    if (inner.size > 0) put(values, k, inner)
    return end
  }

  private indexed(values: ValueMap, k: string, nesting: number): typeof END | undefined {
    const index = this.index()
    if (index === END) return END
    const old = values.get(k)
    if (values.has(k) && !isList(old)) throw converted(old, '[]interface {}')
    const [list, end] = this.item(isList(old) ? old : [], index, nesting)
    put(values, k, list)
    return end
  }

  /** An index that does not end ends the text, and says nothing. */
  private index(): number | typeof END {
    const { text, stop } = this.until(']')
    if (stop === undefined) return END
    if (!/^[+-]?\d+$/.test(text))
      throw new SetError(`error parsing index: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`)
    return Number(text)
  }

  private assigned(values: ValueMap, k: string): typeof END | undefined {
    if (this.style.json) {
      put(values, k, this.json())
      return undefined
    }
    const list = this.list()
    if (list) {
      put(values, k, list)
      return undefined
    }
    const { value, end } = this.scalar()
    put(values, k, value)
    return end
  }

  private scalar(): { value: Value; end: typeof END | undefined } {
    const atEnd = this.i >= this.chars.length
    const { text } = this.until(this.style.literal ? '' : ',')
    if (atEnd && !this.style.literal) return { value: '', end: END }
    return { value: this.style.convert(text), end: undefined }
  }

  /** `{a,b}`, or undefined where the value is no list. */
  private list(): List | undefined {
    if (this.style.literal || this.chars[this.i] !== '{') return undefined
    this.i++
    const list: List = []
    for (;;) {
      const { text, stop } = this.until(',}')
      if (stop === undefined) throw new SetError("list must terminate with '}'")
      list.push(this.style.convert(text))
      if (stop === '}') break
    }
    if (this.chars[this.i] === ',') this.i++
    return list
  }

  /** A JSON value and the comma behind it; null where there is none. */
  private json(): Value {
    const text = this.chars.slice(this.i).join('')
    if (/^\s*(?:,|$)/.test(text)) {
      this.i += [...(/^\s*,?/.exec(text) as RegExpExecArray)[0]].length
      return null
    }
    const end = jsonEnd(text)
    let value: Value
    try {
      value = fromPlain(JSON.parse(text.slice(0, end)))
    } catch (e) {
      throw new SetError((e as Error).message)
    }
    this.i += [...text.slice(0, end)].length
    while (/\s/.test(this.chars[this.i] ?? '')) this.i++
    if (this.chars[this.i] === ',') this.i++
    return value
  }

  /** What stands behind `[n]` of a list. */
  private item(list: List, index: number, nesting: number): [List, typeof END | undefined] {
    if (index < 0) throw new SetError(`negative ${index} index not allowed`)
    const { text, stop } = this.until('[.=')
    if (text !== '') throw new SetError(`unexpected data at end of array index: [${[...text].map((ch) => `'${ch}'`).join(' ')}]`)
    if (stop === undefined) return [list, END]
    if (stop === '=') {
      if (this.style.json) return [placed(list, index, this.json()), undefined]
      const inner = this.list()
      if (inner) return [placed(list, index, inner), undefined]
      return [placed(list, index, this.scalar().value), undefined]
    }
    const old = list[index]
    if (stop === '[') {
      const next = this.index()
      if (next === END) return [list, END]
      if (old !== undefined && old !== null && !isList(old)) throw converted(old, '[]interface {}')
      const [inner, end] = this.item(isList(old) ? old : [], next, nesting)
      return [end === END ? list : placed(list, index, inner), end]
    }
    const map: ValueMap = isMap(old) ? old : new Map()
    const end = this.key(map, nesting)
    // What ends the text is not put into a list that does not reach so far.
    return [end === END && index >= list.length ? list : placed(list, index, map), end]
  }
}

/** What Go says of a value that is of another kind than the text takes it for. */
const converted = (v: Value, wanted: string): SetError =>
  new SetError(
    `unable to parse key: interface conversion: interface {} is ${v === null || v === undefined ? 'nil' : typeName(v)}, not ${wanted}`,
  )

function put(values: ValueMap, key: string, v: Value): void {
  if (key !== '') values.set(key, v)
}

function placed(list: List, index: number, v: Value): List {
  if (index > MAX_INDEX) throw new SetError(`index of ${index} is greater than maximum supported index of ${MAX_INDEX}`)
  const out = list.slice()
  while (out.length <= index) out.push(null)
  out[index] = v
  return out
}

/** Where the first JSON value of a text ends. */
function jsonEnd(text: string): number {
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const ch = text[i] as string
    if (ch === '"') {
      i++
      while (i < text.length && text[i] !== '"') i += text[i] === '\\' ? 2 : 1
      if (depth === 0) return i + 1
    } else if (ch === '{' || ch === '[') depth++
    else if (ch === '}' || ch === ']') {
      if (--depth === 0) return i + 1
    } else if (depth === 0 && ch === ',') return i
  }
  return text.length
}
