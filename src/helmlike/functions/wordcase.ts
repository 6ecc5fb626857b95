// xstrings: snake, kebab and Pascal case.
import type { Implementation } from '../gotemplate/function-table.ts'

type Kind = 'none' | 'number' | 'upper' | 'alphabet' | 'connector' | 'punct' | 'other'
interface Word {
  readonly kind: Kind
  readonly text: string
  readonly rest: string[]
}

const isConnector = (ch: string) => ch === '-' || ch === '_' || /\s/u.test(ch)
const isUpper = (ch: string) => /\p{Lu}/u.test(ch)
const isAlphabet = (ch: string) => /[\p{L}]/u.test(ch)
const isNumber = (ch: string) => /\p{N}/u.test(ch)
const isPunct = (ch: string) => /\p{P}/u.test(ch)

function take(chars: string[], from: number, test: (ch: string) => boolean): number {
  let i = from
  while (i < chars.length && test(chars[i] as string)) i++
  return i
}

function nextWord(chars: string[]): Word {
  const first = chars[0]
  if (first === undefined) return { kind: 'none', text: '', rest: [] }
  const cut = (kind: Kind, end: number): Word => ({ kind, text: chars.slice(0, end).join(''), rest: chars.slice(end) })
  if (isConnector(first)) return cut('connector', take(chars, 1, isConnector))
  if (isPunct(first)) return cut('punct', take(chars, 1, isPunct))
  if (isUpper(first)) {
    const second = chars[1]
    if (second === undefined) return cut('upper', 1)
    if (isUpper(second)) {
      const end = take(chars, 2, isUpper)
      return cut('upper', end < chars.length && isAlphabet(chars[end] as string) ? end - 1 : end)
    }
    return cut('upper', isAlphabet(second) ? take(chars, 2, (ch) => isAlphabet(ch) && !isUpper(ch)) : 1)
  }
  if (isAlphabet(first))
    return cut(
      'alphabet',
      take(chars, 1, (ch) => isAlphabet(ch) && !isUpper(ch)),
    )
  if (isNumber(first)) return cut('number', take(chars, 1, isNumber))
  return cut(
    'other',
    take(chars, 1, (ch) => !isConnector(ch) && !isAlphabet(ch) && !isNumber(ch) && !isPunct(ch)),
  )
}

/** Words in lower case, joined by `connector`; digits stay with the word before unless letters follow in lower case. */
function lowerCase(s: string, connector: string): string {
  let out = ''
  const emit = (kind: Kind, text: string) => {
    out += kind === 'connector' ? connector.repeat([...text].length) : kind === 'upper' ? text.toLowerCase() : text
  }
  const starts = (kind: Kind) => kind !== 'none' && kind !== 'punct' && kind !== 'connector'
  let word = nextWord([...s])
  while (word.rest.length > 0) {
    if (word.kind !== 'connector') emit(word.kind, word.text)
    const previous = word
    word = nextWord(word.rest)
    if (previous.kind === 'connector') emit('connector', previous.text)
    else if (previous.kind === 'number') {
      while (word.kind === 'alphabet' || word.kind === 'number') {
        emit(word.kind, word.text)
        word = nextWord(word.rest)
      }
      if (starts(word.kind)) out += connector
    } else if (previous.kind !== 'punct') {
      if (word.kind !== 'number') {
        if (word.kind !== 'connector' && word.kind !== 'punct') out += connector
        continue
      }
      if (word.rest.length === 0) continue
      const digits = word.text
      word = nextWord(word.rest)
      if (word.kind !== 'alphabet') {
        emit('number', digits)
        if (word.kind !== 'connector' && word.kind !== 'punct') out += connector
        continue
      }
      out += connector + digits
      while (word.kind === 'alphabet' || word.kind === 'number') {
        emit(word.kind, word.text)
        word = nextWord(word.rest)
      }
      if (starts(word.kind)) out += connector
    }
  }
  emit(word.kind, word.text)
  return out
}

function pascalCase(s: string): string {
  const chars = [...s]
  let i = take(chars, 0, isConnector)
  let out = chars.slice(0, i).join('')
  if (i >= chars.length) return out
  let previous = (chars[i] as string).toUpperCase()
  let firstUpper = isUpper(chars[i] as string)
  for (i++; i < chars.length; i++) {
    const before = previous
    let ch = chars[i] as string
    if (isConnector(ch) && isConnector(before)) {
      out += before
      previous = ch
      continue
    }
    if (isConnector(before)) {
      firstUpper = isUpper(ch)
      ch = ch.toUpperCase()
    } else {
      if (firstUpper) {
        if (isUpper(ch)) ch = ch.toLowerCase()
        else firstUpper = false
      }
      out += before
    }
    previous = ch
  }
  return out + previous
}

export const wordcase: { readonly [name: string]: Implementation } = {
  snakecase: (s: string) => lowerCase(s, '_'),
  kebabcase: (s: string) => lowerCase(s, '-'),
  camelcase: pascalCase,
}
