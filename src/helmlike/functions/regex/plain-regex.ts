// Regular expressions that JavaScript's engine runs as RE2 would, in time that stays polynomial of a low degree: sequences of
// characters and classes with few repetitions, alternatives of these, groups without groups inside. Most charts use only these,
// and RE2 costs 20 ms to load.

export interface PlainRegex {
  /** With the flags g and u. */
  readonly expression: RegExp
  /** The longest text to run it on: time grows with the text's length to the power of the repetitions in one branch, plus one. */
  readonly maxLength: number
}

const MAX_REPETITIONS = 2
/** Each doubles the ways in which a text may match. */
const MAX_OPTIONAL = 4
const MAX_LENGTHS = [16_384, 4096, 256] as const
const TOKEN =
  /(\^)|(\$)|(\.)|([A-Za-z0-9_ /:@,=~<>"'%&#!;-])|\\([.\-/+*?()[\]{}|^$\\])|\\([dws])|(\[\^?(?:[A-Za-z0-9_./:@,= +*$!%&?#~-]|\\[.\-/+*?()[\]{}|^$\\dws])+\])|(\((?:\?:)?)|(\))|(\|)/y
/** Counts have three digits at most: RE2 takes none above 1000. */
const QUANTIFIER = /[*+?]|\{\d{1,3}(?:,\d{0,3})?\}/y
const CLASSES: { readonly [letter: string]: string } = { d: '0-9', w: '0-9A-Za-z_', s: '\\t\\n\\f\\r ' }

/** One character or class with its quantifier. */
interface Item {
  readonly set: string
  readonly quantifier: string
}
type Quantity = 'one' | 'optional' | 'fixed' | 'variable'

function quantityOf(quantifier: string): Quantity {
  if (quantifier === '') return 'one'
  if (quantifier === '?') return 'optional'
  return /^\{\d+\}$/.test(quantifier) ? 'fixed' : 'variable'
}

function classText(text: string): string | undefined {
  const inner = text.slice(1, -1).replace(/^\^/, '')
  // A hyphen between two classes or a descending range is left to RE2.
  if (/\\[dws]-|-\\[dws]/.test(inner)) return undefined
  const body = inner.replace(/\\([dws])/g, (_m, letter: string) => CLASSES[letter] as string)
  return `[${text[1] === '^' ? '^' : ''}${body}]`
}

/** Every character that these sets can tell from another. */
const SAMPLES = [...Array.from({ length: 128 }, (_, i) => String.fromCharCode(i)), '\ue000']

/** Whether no character is in both sets. */
function areDisjoint(a: string, b: string): boolean {
  const [x, y] = [new RegExp(a, 'u'), new RegExp(b, 'u')]
  return !SAMPLES.some((ch) => x.test(ch) && y.test(ch))
}

/** Whether there is one way at most in which a group of these, repeated, matches a text: what is optional cannot be what follows it. */
function isUnambiguous(body: readonly Item[]): boolean {
  return body.every(({ set, quantifier }, i) => {
    const quantity = quantityOf(quantifier)
    const next = body[i + 1]
    if (quantity === 'one') return true
    return quantity === 'optional' && next !== undefined && next.quantifier === '' && areDisjoint(set, next.set)
  })
}

/** The JavaScript expression with the same meaning, or undefined where only RE2 will do. */
export function plainRegex(pattern: string): PlainRegex | undefined {
  try {
    return new Reader(pattern).read()
  } catch (e) {
    // What JavaScript does not take, such as a descending range.
    if (e instanceof SyntaxError) return undefined
    throw e
  }
}

class Reader {
  private readonly pattern: string
  private at = 0
  private out = ''
  /** Of the branch that is read; and the most of one branch so far. */
  private repetitions = 0
  private most = 0
  private optional = 0
  private isStart = true
  private group: Item[] | undefined

  constructor(pattern: string) {
    this.pattern = pattern
  }

  read(): PlainRegex | undefined {
    const { pattern } = this
    while (this.at < pattern.length) {
      TOKEN.lastIndex = this.at
      const m = TOKEN.exec(pattern)
      if (!m) return undefined
      this.at += m[0].length
      if (!this.token(m)) return undefined
    }
    if (this.group || !this.endBranch()) return undefined
    const expression = new RegExp(this.out, 'gu')
    return { expression, maxLength: MAX_LENGTHS[this.most] as number }
  }

  /** Takes a token; false where only RE2 will do. */
  private token([, start, end, any, literal, escaped, letter, set, open, close, bar]: RegExpExecArray): boolean {
    const { pattern } = this
    if (start) {
      if (!this.isStart) return false
      this.isStart = false
      return this.append('^')
    }
    if (end) {
      this.isStart = false
      this.append('$')
      return !this.group && (this.at === pattern.length || pattern[this.at] === '|')
    }
    if (bar) return !this.group && this.endBranch() && this.append('|')
    if (open) return this.openGroup(open)
    if (close) return this.closeGroup()
    const text = any
      ? '[^\\n]'
      : letter
        ? `[${CLASSES[letter]}]`
        : set
          ? classText(set)
          : escapeText((literal ?? escaped) as string)
    if (text === undefined) return false
    const item = { set: text, quantifier: this.quantifier() }
    this.group?.push(item)
    this.isStart = false
    return this.append(item.set + item.quantifier) && this.count(item.quantifier) && !this.isQuantifiedTwice(item.quantifier)
  }

  private append(text: string): true {
    this.out += text
    return true
  }

  private endBranch(): boolean {
    const isEmpty = this.isStart
    this.most = Math.max(this.most, this.repetitions)
    this.repetitions = 0
    this.isStart = true
    return !isEmpty || this.pattern === ''
  }

  private openGroup(open: string): boolean {
    if (this.group) return false
    this.group = []
    this.isStart = false
    return this.append(open)
  }

  private closeGroup(): boolean {
    const { group } = this
    if (!group || group.length === 0) return false
    this.group = undefined
    const quantifier = this.quantifier()
    const quantity = quantityOf(quantifier)
    // What may match nothing at all is repeated differently by the two engines.
    if (quantity !== 'one' && !group.some((item) => item.quantifier === '')) return false
    if ((quantity === 'fixed' || quantity === 'variable') && !isUnambiguous(group)) return false
    return this.append(`)${quantifier}`) && this.count(quantifier) && !this.isQuantifiedTwice(quantifier)
  }

  private quantifier(): string {
    QUANTIFIER.lastIndex = this.at
    const [quantifier = ''] = QUANTIFIER.exec(this.pattern) ?? []
    this.at += quantifier.length
    return quantifier
  }

  private isQuantifiedTwice(quantifier: string): boolean {
    return quantifier !== '' && '?+*{'.includes(this.pattern[this.at] ?? ' ')
  }

  private count(quantifier: string): boolean {
    const quantity = quantityOf(quantifier)
    if (quantity === 'variable') return ++this.repetitions <= MAX_REPETITIONS
    return quantity !== 'optional' || ++this.optional <= MAX_OPTIONAL
  }
}

const escapeText = (ch: string) => (/[A-Za-z0-9_ :@,=~<>"'%&#!;-]/.test(ch) ? ch : `\\${ch}`)

const FORM =
  /^(?:[^\\[\](){}]|\\[.\-/+*?()[\]{}|^$\\dwsDWS]|\[\^?(?:[^\\[\]]|\\[.\-/+*?()[\]{}|^$\\dwsDWS])+\]|\((?:\?:|(?!\?))|\)(?!\{)|\{\d{1,3}(?:,\d{0,3})?\})*$/

/** Whether RE2 surely takes the pattern, with groups and alternatives too: then it need not be loaded to say so. */
export function isSurelyRegex(pattern: string): boolean {
  if (!FORM.test(pattern)) return false
  try {
    return new RegExp(pattern, 'u').flags === 'u'
  } catch {
    return false
  }
}
