import { invalid } from '../../apimachinery/field-error.ts'
import { isLabelValue, isQualifiedName } from '../../apimachinery/names.ts'
import { type Token, tokens } from './label-lexer.ts'
import { type Operator, type Requirement, satisfying } from './label-terms.ts'

export type LabelPredicate = (labels: Readonly<Record<string, string>> | undefined) => boolean

const binaryOperators = 'in, notin, =, ==, !=, gt, lt'

/** What `labelSelector=` asks for; undefined when it asks for nothing. Throws Error with k8s.io/apimachinery/pkg/labels' message. */
export function parseLabelSelector(text: string): LabelPredicate | undefined {
  if (text === '') return undefined
  const requirements = new Parser(tokens(text)).parse()
  if (requirements.length === 0) return undefined
  const satisfies = satisfying(requirements)
  return (labels) => satisfies(labels ?? {})
}

class Parser {
  readonly #tokens: readonly Token[]
  #next = 0

  constructor(list: readonly Token[]) {
    this.#tokens = list
  }

  /** Inside a value position `in` and `notin` are plain words. */
  #look(values: boolean): Token {
    const token = this.#tokens[this.#next] ?? { kind: 'end', text: '' }
    return values && (token.kind === 'in' || token.kind === 'notin') ? { kind: 'word', text: token.text } : token
  }

  #take(values: boolean): Token {
    const token = this.#look(values)
    this.#next++
    return token
  }

  parse(): Requirement[] {
    const found: Requirement[] = []
    for (;;) {
      const { kind, text } = this.#look(true)
      if (kind === 'end') return found.sort((a, b) => (a.key < b.key ? -1 : 1))
      if (kind !== 'word' && kind !== '!') throw new Error(`found '${text}', expected: !, identifier, or 'end of string'`)
      found.push(this.#requirement())
      const after = this.#take(true)
      if (after.kind === 'end') return found
      if (after.kind !== ',') throw new Error(`found '${after.text}', expected: ',' or 'end of string'`)
      const next = this.#look(true)
      if (next.kind !== 'word' && next.kind !== '!') throw new Error(`found '${next.text}', expected: identifier after ','`)
    }
  }

  #requirement(): Requirement {
    try {
      const [key, unary] = this.#key()
      if (unary) return valid({ key, operator: unary, values: [] })
      const operator = this.#operator()
      const values = operator === 'in' || operator === 'notin' ? this.#values() : [this.#exactValue()]
      return valid({ key, operator, values: [...new Set(values)].sort() })
    } catch (e) {
      throw new Error(`unable to parse requirement: ${(e as Error).message}`)
    }
  }

  #key(): [key: string, unary: 'exists' | '!' | undefined] {
    let token = this.#take(true)
    const negated = token.kind === '!'
    if (negated) token = this.#take(true)
    if (token.kind !== 'word') throw new Error(`found '${token.text}', expected: identifier`)
    checkKey(token.text)
    const after = this.#look(true).kind
    if (negated) return [token.text, '!']
    return [token.text, after === 'end' || after === ',' ? 'exists' : undefined]
  }

  #operator(): Operator {
    const { kind, text } = this.#take(false)
    if (kind === 'in' || kind === 'notin' || kind === '=' || kind === '==' || kind === '!=') return kind
    if (kind === '>') return 'gt'
    if (kind === '<') return 'lt'
    throw new Error(`found '${text}', expected: ${binaryOperators}`)
  }

  #values(): string[] {
    const open = this.#take(true)
    if (open.kind !== '(') throw new Error(`found '${open.text}' expected: '('`)
    const { kind, text } = this.#look(true)
    if (kind === ')') {
      this.#take(true)
      return []
    }
    if (kind !== 'word' && kind !== ',') throw new Error(`found '${text}', expected: ',', ')' or identifier`)
    const found = this.#list()
    const close = this.#take(true)
    if (close.kind !== ')') throw new Error(`found '${close.text}', expected: ')'`)
    return found
  }

  #list(): string[] {
    const found: string[] = []
    for (;;) {
      const { kind, text } = this.#take(true)
      if (kind === 'word') {
        found.push(text)
        const after = this.#look(true)
        if (after.kind === ',') continue
        if (after.kind === ')') return found
        throw new Error(`found '${after.text}', expected: ',' or ')'`)
      }
      if (kind !== ',') throw new Error(`found '${text}', expected: ',', or identifier`)
      if (found.length === 0) found.push('')
      const after = this.#look(true)
      if (after.kind === ')') return [...found, '']
      if (after.kind === ',') {
        this.#take(true)
        found.push('')
      }
    }
  }

  #exactValue(): string {
    const { kind } = this.#look(true)
    if (kind === 'end' || kind === ',') return ''
    const token = this.#take(true)
    if (token.kind !== 'word') throw new Error(`found '${token.text}', expected: identifier`)
    return token.text
  }
}

function checkKey(key: string): void {
  const problems = isQualifiedName(key)
  if (problems.length > 0) throw new Error(`<nil>: ${invalid('', key, problems.join('; ')).message}`)
}

function valid(requirement: Requirement): Requirement {
  const { key, operator, values } = requirement
  if ((operator === 'gt' || operator === 'lt') && !/^[+-]?\d+$/.test(values[0] ?? '')) {
    throw new Error(`values[0]: ${invalid('', values[0], "for 'Gt', 'Lt' operators, the value must be an integer").message}`)
  }
  values.forEach((value, i) => {
    const problems = isLabelValue(value)
    if (problems.length > 0) throw new Error(`values[${i}][${key}]: ${invalid('', value, problems.join('; ')).message}`)
  })
  return requirement
}
