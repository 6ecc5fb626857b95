import type { Steps } from '../../apimachinery/steps.ts'
import type { Issue } from './source.ts'

type TokenKind = 'int' | 'uint' | 'float' | 'string' | 'bytes' | 'ident' | 'escaped' | 'punct' | 'eof'

export interface Token {
  readonly kind: TokenKind
  /** As written; '<EOF>' at the end. For 'punct' this is also 'in', 'true', 'false' and 'null'. */
  readonly text: string
  readonly pos: number
}

const KEYWORDS = new Set(['in', 'true', 'false', 'null'])
const SPACE = /(?:[\t \r\n\f]+|\/\/[^\n]*)+/y
const NUMBER = /(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)|0x[0-9a-fA-F]+[uU]?|\d+[uU]?/y
const IDENT = /[A-Za-z_][A-Za-z0-9_]*/y
const ESCAPED = /`[A-Za-z0-9_.\-/ ]+`/y
const PUNCT = /==|!=|<=|>=|&&|\|\||[[\]{}().,\-!?:+*/%<>]/y
const ESCAPE = String.raw`\\(?:[abfnrtv"'\\?\x60]|[0-3][0-7][0-7]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})`
const QUOTED = new RegExp(
  [
    `[bB]?[rR]"""[^]*?"""`,
    `[bB]?[rR]'''[^]*?'''`,
    `[bB]?"""(?:${ESCAPE}|[^\\\\])*?"""`,
    `[bB]?'''(?:${ESCAPE}|[^\\\\])*?'''`,
    `[bB]?[rR]"[^"\\n\\r]*"`,
    `[bB]?[rR]'[^'\\n\\r]*'`,
    `[bB]?"(?:${ESCAPE}|[^\\\\"\\n\\r])*"`,
    `[bB]?'(?:${ESCAPE}|[^\\\\'\\n\\r])*'`,
  ].join('|'),
  'y',
)

/** So many tokens are read in one step. */
const stepSize = 2000

/** The tokens of `source`, ending with one 'eof', in steps. What is no token is an issue and is skipped, as ANTLR does. */
export function* tokenize(source: string): Steps<{ tokens: Token[]; issues: Issue[] }> {
  const tokens: Token[] = []
  const issues: Issue[] = []
  let pos = 0
  for (;;) {
    pos += matchAt(SPACE, source, pos)?.length ?? 0
    if (pos >= source.length) break
    if ((tokens.length + issues.length) % stepSize === stepSize - 1) yield
    const token = tokenAt(source, pos)
    if (token === undefined) {
      const length = badLength(source, pos)
      issues.push({ pos, message: `Syntax error: token recognition error at: '${escapeText(source.slice(pos, pos + length))}'` })
      pos += length
      continue
    }
    tokens.push(token)
    pos += token.text.length
  }
  tokens.push({ kind: 'eof', text: '<EOF>', pos: source.length })
  return { tokens, issues }
}

function matchAt(pattern: RegExp, source: string, pos: number): string | undefined {
  pattern.lastIndex = pos
  return pattern.exec(source)?.[0]
}

function tokenAt(source: string, pos: number): Token | undefined {
  const quoted = matchAt(QUOTED, source, pos)
  if (quoted !== undefined) return { kind: /^[bB]/.test(quoted) ? 'bytes' : 'string', text: quoted, pos }
  const number = matchAt(NUMBER, source, pos)
  if (number !== undefined) return { kind: numberKind(number), text: number, pos }
  const ident = matchAt(IDENT, source, pos)
  if (ident !== undefined) return { kind: KEYWORDS.has(ident) ? 'punct' : 'ident', text: ident, pos }
  const escaped = matchAt(ESCAPED, source, pos)
  if (escaped !== undefined) return { kind: 'escaped', text: escaped, pos }
  const punct = matchAt(PUNCT, source, pos)
  return punct === undefined ? undefined : { kind: 'punct', text: punct, pos }
}

function numberKind(text: string): TokenKind {
  if (/[uU]$/.test(text)) return 'uint'
  if (text.startsWith('0x')) return 'int'
  return /[.eE]/.test(text) ? 'float' : 'int'
}

const PARTIAL_ESCAPE = String.raw`(?:\\(?:[xX][0-9a-fA-F]?|u[0-9a-fA-F]{0,3}|U[0-9a-fA-F]{0,7}|[0-3][0-7]?)?)?`

/** How much of the source an unrecognizable token takes: what could have become one, and the char that could not follow. */
function badLength(source: string, pos: number): number {
  const char = String.fromCodePoint(source.codePointAt(pos) as number)
  let begun = ''
  if (char === '"' || char === "'") {
    const rest = new RegExp(`${char}(?:${ESCAPE}|[^\\\\${char}\\n\\r])*${PARTIAL_ESCAPE}`, 'y')
    begun = matchAt(rest, source, pos) as string
  } else if (char === '`') begun = matchAt(/`[A-Za-z0-9_.\-/ ]*/y, source, pos) as string
  else if ('|&='.includes(char)) begun = char
  else return char.length
  const next = source.codePointAt(pos + begun.length)
  return begun.length + (next === undefined ? 0 : String.fromCodePoint(next).length)
}

const escapeText = (text: string): string => text.replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')
