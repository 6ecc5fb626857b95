import { int64 } from './json.ts'
import { isLabelValue, isQualifiedName } from './names.ts'

export type Labels = Readonly<Record<string, string>>
export type SelectorOperator = 'in' | 'notin' | '=' | '==' | '!=' | 'exists' | '!' | 'gt' | 'lt'

/** One condition on one label. */
export interface Requirement {
  readonly key: string
  readonly operator: SelectorOperator
  readonly values: readonly string[]
}

/** All requirements must hold, in order of key; none: everything matches. */
type Selector = readonly Requirement[]

/** A LabelSelector object of the API. */
export interface LabelSelectorObject {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly {
    readonly key: string
    readonly operator: string
    readonly values?: readonly string[]
  }[]
}

/** What is wrong with a selector text; the message is Kubernetes' own. */
export class SelectorError extends Error {}

const symbols = new Set([')', ',', '!', '==', '=', '>', '<', '!=', '('])
const isSymbol = (c: string) => c === '=' || c === '!' || c === '(' || c === ')' || c === ',' || c === '>' || c === '<'
const isSpace = (c: string) => c === ' ' || c === '\t' || c === '\r' || c === '\n'
/** Go's lexer reads it at the end: it also ends a word or symbol, and at the start of one the text. */
const nul = '\0'

/** `type` is the symbol itself, `in`, `notin`, or one of the words. */
interface Token {
  readonly type: string
  readonly text: string
}

function scan(source: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  for (;;) {
    while (at < source.length && isSpace(source.charAt(at))) at++
    if (at >= source.length || source.charAt(at) === nul) break
    const token = isSymbol(source.charAt(at)) ? scanSymbol(source, at) : scanWord(source, at)
    tokens.push(token.token)
    at = source.charAt(token.end) === nul ? token.end + 1 : token.end
  }
  tokens.push(end)
  return tokens
}

function scanWord(source: string, start: number): { token: Token; end: number } {
  let end = start
  while (end < source.length && !isSymbol(source.charAt(end)) && !isSpace(source.charAt(end)) && source.charAt(end) !== nul) end++
  const text = source.slice(start, end)
  return { token: { type: text === 'in' || text === 'notin' ? text : 'identifier', text }, end }
}

function scanSymbol(source: string, start: number): { token: Token; end: number } {
  const two = source.slice(start, start + 2)
  const text = symbols.has(two) ? two : source.charAt(start)
  return { token: { type: text, text }, end: start + text.length }
}

const end: Token = { type: 'end', text: '' }
const asValue = (token: Token): Token =>
  token.type === 'in' || token.type === 'notin' ? { type: 'identifier', text: token.text } : token

class Parser {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(source: string) {
    this.#tokens = scan(source)
  }

  #peek(): Token {
    return asValue(this.#tokens[this.#at] ?? end)
  }

  #next(asOperator = false): Token {
    const token = this.#tokens[this.#at++] ?? end
    return asOperator ? token : asValue(token)
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = []
    for (;;) {
      const { type, text } = this.#peek()
      if (type === 'end') return requirements
      if (type !== 'identifier' && type !== '!') {
        throw new SelectorError(`found '${text}', expected: !, identifier, or 'end of string'`)
      }
      requirements.push(this.#requirement())
      const separator = this.#next()
      if (separator.type === 'end') return requirements
      if (separator.type !== ',') {
        throw new SelectorError(`found '${separator.text}', expected: ',' or 'end of string'`)
      }
      const after = this.#peek()
      if (after.type !== 'identifier' && after.type !== '!') {
        throw new SelectorError(`found '${after.text}', expected: identifier after ','`)
      }
    }
  }

  #requirement(): Requirement {
    try {
      return this.#parseRequirement()
    } catch (error) {
      if (error instanceof SelectorError) throw new SelectorError(`unable to parse requirement: ${error.message}`)
      throw error
    }
  }

  #parseRequirement(): Requirement {
    let token = this.#next()
    const absent = token.type === '!'
    if (absent) token = this.#next()
    if (token.type !== 'identifier') throw new SelectorError(`found '${token.text}', expected: identifier`)
    const key = token.text
    const problems = isQualifiedName(key)
    if (problems.length > 0) {
      throw new SelectorError(`<nil>: Invalid value: ${JSON.stringify(key)}: ${problems.join('; ')}`)
    }
    if (absent) return { key, operator: '!', values: [] }
    const after = this.#peek().type
    if (after === 'end' || after === ',') return { key, operator: 'exists', values: [] }
    const operator = this.#operator()
    const values = operator === 'in' || operator === 'notin' ? this.#values() : [this.#exactValue()]
    return requirement(key, operator, values.length > 1 ? [...new Set(values)].sort() : values)
  }

  #operator(): SelectorOperator {
    const { type, text } = this.#next(true)
    if (type === '>') return 'gt'
    if (type === '<') return 'lt'
    if (type === 'in' || type === 'notin' || type === '=' || type === '==' || type === '!=') return type
    throw new SelectorError(`found '${text}', expected: in, notin, =, ==, !=, gt, lt`)
  }

  #values(): string[] {
    const open = this.#next()
    if (open.type !== '(') throw new SelectorError(`found '${open.text}' expected: '('`)
    const { type, text } = this.#peek()
    if (type === ')') {
      this.#next()
      return ['']
    }
    if (type !== 'identifier' && type !== ',') {
      throw new SelectorError(`found '${text}', expected: ',', ')' or identifier`)
    }
    const values = this.#list()
    if (this.#next().type !== ')') throw new SelectorError(`found '${text}', expected: ')'`)
    return values
  }

  #list(): string[] {
    const values: string[] = []
    for (;;) {
      const { type, text } = this.#next()
      const after = this.#peek()
      if (type === 'identifier') {
        values.push(text)
        if (after.type === ')') return values
        if (after.type !== ',') throw new SelectorError(`found '${after.text}', expected: ',' or ')'`)
      } else if (type === ',') {
        if (values.length === 0 || after.type === ')' || after.type === ',') values.push('')
        if (after.type === ')') return values
      } else {
        throw new SelectorError(`found '${text}', expected: ',', or identifier`)
      }
    }
  }

  #exactValue(): string {
    const { type } = this.#peek()
    if (type === 'end' || type === ',') return ''
    const token = this.#next()
    if (token.type === 'identifier') return token.text
    throw new SelectorError(`found '${token.text}', expected: identifier`)
  }
}

const integer = /^[+-]?[0-9]+$/
const texts = (values: readonly string[]) => (values.length === 0 ? 'null' : JSON.stringify(values))

/** Makes a requirement; throws SelectorError naming every problem. */
function requirement(key: string, operator: SelectorOperator, values: readonly string[]): Requirement {
  const problems: string[] = []
  const keyProblems = isQualifiedName(key)
  if (keyProblems.length > 0) problems.push(`key: Invalid value: ${JSON.stringify(key)}: ${keyProblems.join('; ')}`)
  if ((operator === 'in' || operator === 'notin') && values.length === 0) {
    problems.push(`values: Invalid value: ${texts(values)}: for 'in', 'notin' operators, values set can't be empty`)
  }
  if ((operator === 'exists' || operator === '!') && values.length > 0) {
    problems.push(`values: Invalid value: ${texts(values)}: values set must be empty for exists and does not exist`)
  }
  if (operator === 'gt' || operator === 'lt') {
    values.forEach((value, i) => {
      if (integer.test(value) && int64(BigInt(value.replace('+', ''))) !== undefined) return
      const quoted = JSON.stringify(value)
      problems.push(`values[${i}]: Invalid value: ${quoted}: for 'Gt', 'Lt' operators, the value must be an integer`)
    })
  }
  values.forEach((value, i) => {
    const wrong = isLabelValue(value)
    if (wrong.length > 0) problems.push(`values[${i}][${key}]: Invalid value: ${JSON.stringify(value)}: ${wrong.join('; ')}`)
  })
  if (problems.length > 0) throw new SelectorError(problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`)
  return { key, operator, values }
}

const byKey = (a: Requirement, b: Requirement) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)

/** Parses `app=web,tier in (a,b),!old`. Throws SelectorError; the API puts `unable to parse …` texts in a 400. */
export function parseSelector(source: string): Selector {
  if (source === '') return []
  return new Parser(source).parse().sort(byKey)
}

function matchesRequirement(r: Requirement, labels: Labels | undefined): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, r.key) ? labels[r.key] : undefined
  switch (r.operator) {
    case 'in':
    case '=':
    case '==':
      return value !== undefined && r.values.includes(value)
    case 'notin':
    case '!=':
      return value === undefined || !r.values.includes(value)
    case 'exists':
      return value !== undefined
    case '!':
      return value === undefined
    default: {
      const bound = r.values[0]
      if (value === undefined || bound === undefined || !integer.test(value) || !integer.test(bound)) return false
      return r.operator === 'gt' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound)
    }
  }
}

export function matchesRequirements(selector: Selector, labels: Labels | undefined): boolean {
  for (const r of selector) if (!matchesRequirement(r, labels)) return false
  return true
}

const objectOperators = new Map<string, SelectorOperator>([
  ['In', 'in'],
  ['NotIn', 'notin'],
  ['Exists', 'exists'],
  ['DoesNotExist', '!'],
])

const compiled = new WeakMap<LabelSelectorObject, Selector>()

/** The requirements of a LabelSelector object, kept for as long as the (frozen) object lives. Throws SelectorError. */
export function selectorOf(object: LabelSelectorObject): Selector {
  const known = compiled.get(object)
  if (known) return known
  const requirements = Object.entries(object.matchLabels ?? {}).map(([k, v]) => requirement(k, '=', [v]))
  for (const e of object.matchExpressions ?? []) {
    const operator = objectOperators.get(e.operator)
    if (!operator) throw new SelectorError(`${JSON.stringify(e.operator)} is not a valid label selector operator`)
    requirements.push(requirement(e.key, operator, e.values ?? []))
  }
  const selector = requirements.sort(byKey)
  if (Object.isFrozen(object)) compiled.set(object, selector)
  return selector
}

/**
 * Whether `labels` satisfy a LabelSelector object. An absent selector matches nothing, an empty one everything, a malformed one
 * nothing (metav1.LabelSelectorAsSelector).
 */
export function matchesSelector(selector: LabelSelectorObject | undefined, labels: Labels = {}): boolean {
  if (!selector) return false
  if (selector.matchLabels && !matchesLabels(selector.matchLabels, labels)) return false
  for (const e of selector.matchExpressions ?? []) {
    const operator = objectOperators.get(e.operator)
    if (!operator || !matchesRequirement({ key: e.key, operator, values: e.values ?? [] }, labels)) return false
  }
  return true
}

/** Whether every pair of `wanted` is among `labels` (selectors of Services and ReplicationControllers). */
export function matchesLabels(wanted: Labels, labels: Labels = {}): boolean {
  for (const key of Object.keys(wanted)) if (!Object.hasOwn(labels, key) || labels[key] !== wanted[key]) return false
  return true
}

/** Whether `selector` selects everything. */
export function isEmptySelector(selector: LabelSelectorObject): boolean {
  return Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0
}

/** The text form that `labelSelector=` takes. */
export function selectorText(selector: LabelSelectorObject): string {
  return formatSelector(selectorOf(selector))
}

/** The text of a selector, as tables and status.selector write it. */
export function formatSelector(selector: Selector): string {
  return selector.map(formatRequirement).join(',')
}

function formatRequirement(r: Requirement): string {
  const sorted = [...r.values].sort().join(',')
  switch (r.operator) {
    case '!':
      return `!${r.key}`
    case 'exists':
      return r.key
    case 'in':
    case 'notin':
      return `${r.key} ${r.operator} (${sorted})`
    case 'gt':
      return `${r.key}>${sorted}`
    case 'lt':
      return `${r.key}<${sorted}`
    default:
      return `${r.key}${r.operator}${sorted}`
  }
}
