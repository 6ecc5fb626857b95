/** Texts as YAML scalars, byte for byte as go-yaml writes them. */

/** Where a scalar stands. */
interface Place {
  /** Of continuation lines. */
  readonly indent: number
  /** Where the text starts. */
  readonly column: number
  readonly key: boolean
  readonly width: number
  /** As go-yaml v3 does. */
  readonly pretty: boolean
}

/** A line break in YAML. */
export const hasBreak = (s: string) => /[\n\r\x85\u2028\u2029]/.test(s)

/** `s` in the style that go-yaml takes for it; `isText`: nothing else than a text is read from it without quotes. */
export function styled(s: string, place: Place, isText: boolean): string {
  const shape = analyze(s, place.pretty)
  const style = pickStyle(s, shape, place, isText)
  if (style === 'plain') return fold(s, place, 0)
  if (style === 'single') return `'${fold(s.replaceAll("'", "''"), { ...place, column: place.column + 1 }, 1)}'`
  return style === 'literal' ? literal(s, place.indent) : doubleQuoted(s, place)
}

function pickStyle(s: string, shape: Shape, place: Place, isText: boolean): 'plain' | 'single' | 'double' | 'literal' {
  if (s.includes('\n')) return shape.block && !place.key ? 'literal' : 'double'
  if (!isText) return 'double'
  if (shape.plain) return 'plain'
  return shape.single && !(place.key && shape.multiline) ? 'single' : 'double'
}

interface Shape {
  readonly plain: boolean
  readonly single: boolean
  readonly block: boolean
  readonly multiline: boolean
}

/** In which styles the text can be written (libyaml's analysis). */
function analyze(s: string, tabsInBlocks: boolean): Shape {
  const unprintable = /[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/.test(s)
  const special = unprintable && !(tabsInBlocks && !/[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/.test(s))
  const multiline = hasBreak(s)
  const indicators =
    /^(?:---|\.\.\.)/.test(s) || /^[#,[\]{}&*!|>'"%@`]/.test(s) || /^[?:-](?:[ \t]|$)/.test(s) || /:(?:[ \t]|$)|\s#/.test(s)
  const spaceBreak = / [\n\r\x85\u2028\u2029]/.test(s)
  const breakSpace = /[\n\r\x85\u2028\u2029] /.test(s)
  const edges = /^[ \n\r\x85\u2028\u2029]|[ \n\r\x85\u2028\u2029]$/.test(s)
  return {
    plain: !unprintable && !multiline && !indicators && !edges,
    single: !unprintable && !spaceBreak && !breakSpace,
    block: !special && !spaceBreak && !s.endsWith(' '),
    multiline,
  }
}

/** Breaks lines behind the width at single spaces. */
function fold(s: string, place: Place, from: number): string {
  if (place.key || place.column + s.length <= place.width) return s
  const pad = `\n${' '.repeat(place.indent)}`
  let out = ''
  let { column } = place
  let spaces = false
  const chars = [...s]
  for (let i = 0; i < chars.length; i++) {
    const ch = chars[i] as string
    if (ch === ' ') {
      const inside = from === 0 || (i > 0 && i < chars.length - 1)
      if (!spaces && column > place.width && inside && chars[i + 1] !== ' ') {
        out += pad
        column = place.indent
      } else {
        out += ch
        column++
      }
      spaces = true
    } else {
      out += ch
      column++
      spaces = false
    }
  }
  return out
}

function literal(s: string, indent: number): string {
  const pad = ' '.repeat(indent)
  const hint = /^[ \n\r\x85\u2028\u2029]/.test(s) ? '2' : ''
  const chomp = !s.endsWith('\n') ? '-' : s.length === 1 || s.endsWith('\n\n') ? '+' : ''
  const body = s.endsWith('\n') ? s.slice(0, -1) : s
  const lines = body.split('\n').map((line) => (line === '' ? '' : pad + line))
  return `|${hint}${chomp}\n${lines.join('\n')}`
}

const ESCAPES: { readonly [code: number]: string } = {
  0: '\\0',
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  27: '\\e',
  34: '\\"',
  92: '\\\\',
  133: '\\N',
  160: '\\_',
  8232: '\\L',
  8233: '\\P',
}

function doubleQuoted(s: string, place: Place): string {
  const pad = `\n${' '.repeat(place.indent)}`
  let out = '"'
  let column = place.column + 1
  let spaces = false
  const chars = [...s]
  for (let i = 0; i < chars.length; i++) {
    const ch = chars[i] as string
    const code = ch.codePointAt(0) as number
    if (ch === ' ') {
      if (!place.key && !spaces && column > place.width && i > 0 && i < chars.length - 1) {
        out += pad
        column = place.indent
        if (chars[i + 1] === ' ') {
          out += '\\'
          column++
        }
      } else {
        out += ' '
        column++
      }
      spaces = true
      continue
    }
    spaces = false
    const text = escaped(code, ch)
    out += text
    column += text === ch ? 1 : text.length
  }
  return `${out}"`
}

function escaped(code: number, ch: string): string {
  const short = code === 0xa0 ? undefined : ESCAPES[code]
  if (short) return short
  const printable = (code >= 0x20 && code <= 0x7e) || (code >= 0xa0 && code <= 0xfffd && code !== 0xfeff)
  if (printable) return ch
  if (code <= 0xff) return `\\x${code.toString(16).toUpperCase().padStart(2, '0')}`
  return code <= 0xffff
    ? `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`
    : `\\U${code.toString(16).toUpperCase().padStart(8, '0')}`
}
