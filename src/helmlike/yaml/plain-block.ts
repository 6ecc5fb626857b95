// The YAML that people and templates mostly write: nested block mappings and sequences of one-line scalars and literals.
// Read line by line, several times as fast as by tokens; whatever else a text holds, parse.ts reads all of it instead.

import { isWord, resolvePlain } from '../../apimachinery/yaml/resolve.ts'
import type { List, Value, ValueMap } from '../gotemplate/value.ts'

/** Thrown when a text is not of this kind. */
const UNUSUAL = new Error('not plain block YAML')
const MAX_DEPTH = 100

const STRANGE = /[\t\r\x85\u2028\u2029\ufeff]/
const KEY = /(?:([A-Za-z_][A-Za-z0-9_./-]*)|"([^"\\\n]*)"|'([^'\n]*)'):(?=[ \n]|$)/y
/** The rest of a line: "…", '…', {}, a list of scalars, a plain scalar, a literal's header or nothing; then a comment. */
const REST =
  / *(?:"([^"\\\n]*)"|'([^'\n]*)'|(\{\}|\[[^[\]{}\n#]*\])|((?:[A-Za-z0-9_/.+(<=~^;$]|-(?![ \n]|$))(?:[^\n:# ]|:(?![ \n]|$)| +(?![ #\n]|$)|(?<! )#)*)|\|([-+]?)(?= *(?:#|\n|$)))?(?: +#[^\n]*| *)(?:\n|$)/y
/** An item of a list on one line, and what separates it from the next. */
const ITEM = / *(?:"([^"\\]*)"|'([^']*)'|([A-Za-z0-9_/.+-](?:[^,:"' ]|:(?=[^ ,])| +(?=[^ ,]))*)) *(?:,|$)/y
const START = /(?: *(?:#[^\n]*)?\n)*--- *\n/y
const GAP = /(?: *(?:#[^\n]*)?\n)*( *)(?:#[^\n]*$)?/y

/** The document's value; undefined where parse.ts has to read it. */
export function parsePlainBlock(text: string): Value {
  if (STRANGE.test(text)) return undefined
  const reader = new Reader(text)
  try {
    return reader.document()
  } catch (e) {
    if (e === UNUSUAL) return undefined
    throw e
  }
}

/** `[a, "b"]`. */
function items(flow: string): List {
  const inner = flow.slice(1, -1)
  const out: List = []
  if (inner.trim() === '') return out
  for (let at = 0; at < inner.length; at = ITEM.lastIndex) {
    ITEM.lastIndex = at
    const m = ITEM.exec(inner)
    if (!m) throw UNUSUAL
    const [, double, single, plain] = m
    if (plain?.startsWith('- ') || plain === '-') throw UNUSUAL
    out.push(double ?? single ?? resolvePlain(plain as string))
  }
  return out
}

class Reader {
  private readonly text: string
  private pos = 0
  /** Column of the line's content; -1 at the end. */
  private column = 0
  private depth = 0

  constructor(text: string) {
    this.text = text
  }

  document(): Value {
    START.lastIndex = 0
    if (START.test(this.text)) this.pos = START.lastIndex
    this.nextLine()
    if (this.column < 0) return null
    const v = this.node(this.column)
    if (this.column >= 0) throw UNUSUAL
    return v
  }

  /** Moves over blank lines and comments to the next content. */
  private nextLine(): void {
    GAP.lastIndex = this.pos
    this.column = GAP.exec(this.text)?.[1]?.length ?? 0
    this.pos = GAP.lastIndex
    if (this.pos >= this.text.length) this.column = -1
    else if (this.column === 0 && /^(?:---|\.\.\.)/.test(this.text.slice(this.pos, this.pos + 3))) throw UNUSUAL
  }

  private atEntry(): boolean {
    if (this.text.charCodeAt(this.pos) !== 45) return false
    const next = this.text.charCodeAt(this.pos + 1)
    return next === 32 || next === 10 || Number.isNaN(next)
  }

  private node(column: number): Value {
    if (++this.depth > MAX_DEPTH) throw UNUSUAL
    KEY.lastIndex = this.pos
    const v = this.atEntry() ? this.sequence(column) : KEY.test(this.text) ? this.mapping(column) : this.line(column)
    this.depth--
    return v
  }

  /** A scalar on a line of its own. */
  private line(column: number): Value {
    const v = this.value(column - 1, false)
    if (v === null) throw UNUSUAL
    return v
  }

  private mapping(column: number): ValueMap {
    const out: ValueMap = new Map()
    do {
      KEY.lastIndex = this.pos
      const m = KEY.exec(this.text)
      const key = m?.[1] ?? m?.[2] ?? m?.[3]
      if (key === undefined || (m?.[1] !== undefined && isWord(key))) throw UNUSUAL
      this.pos = KEY.lastIndex
      out.set(key, this.value(column, true))
    } while (this.column === column)
    if (this.column > column) throw UNUSUAL
    return out
  }

  private sequence(column: number): List {
    const out: List = []
    do {
      if (!this.atEntry()) {
        // A mapping's next key may stand below the entries of its last value.
        return out
      }
      this.pos++
      let at = column + 1
      while (this.text.charCodeAt(this.pos) === 32) {
        this.pos++
        at++
      }
      KEY.lastIndex = this.pos
      if (this.atEntry() || KEY.test(this.text)) out.push(this.node(at))
      else out.push(this.value(column, false))
    } while (this.column === column)
    if (this.column > column) throw UNUSUAL
    return out
  }

  /** What stands behind `key:` or `-` of a block at `column`, to the line after it. */
  private value(column: number, ofKey: boolean): Value {
    REST.lastIndex = this.pos
    const m = REST.exec(this.text)
    if (!m) throw UNUSUAL
    this.pos = REST.lastIndex
    const chomping = m[5]
    if (chomping !== undefined) return this.literal(column, chomping)
    this.nextLine()
    const plain = m[4]
    const scalar = m[1] ?? m[2]
    if (plain !== undefined || scalar !== undefined || m[3] !== undefined) {
      // What is indented further would belong to the scalar.
      if (this.column > column) throw UNUSUAL
      if (plain !== undefined) return resolvePlain(plain)
      return scalar ?? (m[3] === '{}' ? new Map() : items(m[3] as string))
    }
    if (this.column > column || (ofKey && this.column === column && this.atEntry())) return this.node(this.column)
    return null
  }

  /** A literal below a block at `column`. */
  private literal(column: number, chomping: string): Value {
    const { text } = this
    const lines: string[] = []
    let indent = 0
    let ended = false
    while (this.pos < text.length) {
      const newline = text.indexOf('\n', this.pos)
      const end = newline < 0 ? text.length : newline
      let at = this.pos
      while (text.charCodeAt(at) === 32) at++
      const isBlank = at >= end
      if (!isBlank && indent === 0) {
        indent = at - this.pos
        if (indent <= column || lines.some((line) => line.length > indent)) throw UNUSUAL
      }
      if (!isBlank && at - this.pos < indent) break
      if (isBlank && indent > 0 && end - this.pos > indent) throw UNUSUAL
      lines.push(isBlank ? '' : text.slice(this.pos + indent, end))
      ended = newline < 0
      this.pos = ended ? end : end + 1
    }
    if (indent === 0) throw UNUSUAL
    this.nextLine()
    if (this.column > column) throw UNUSUAL
    let last = lines.length
    while (lines[last - 1] === '') last--
    const body = lines.slice(0, last).join('\n')
    if (chomping === '-') return body
    if (chomping === '+') return body + '\n'.repeat(lines.length - last + (ended && last === lines.length ? 0 : 1))
    return ended && last === lines.length ? body : `${body}\n`
  }
}
