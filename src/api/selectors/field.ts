/** One term of a field selector. */
export interface FieldTerm {
  readonly field: string
  readonly value: string
  readonly negated: boolean
}

/** The terms of `fieldSelector=`, all of which must hold. Throws Error with k8s.io/apimachinery/pkg/fields' message. */
export function parseFieldSelector(text: string): FieldTerm[] {
  const terms: FieldTerm[] = []
  // The first mistake is the first in this order.
  for (const part of split(text).sort()) {
    if (part === '') continue
    const at = operatorAt(part)
    if (!at) throw new Error(`invalid selector: '${text}'; can't understand '${part}'`)
    const [index, operator] = at
    const field = part.slice(0, index)
    const value = unescapeValue(part.slice(index + operator.length))
    // `=` alone asks for nothing.
    if (field !== '' || value !== '') terms.push({ field, value, negated: operator === '!=' })
  }
  return terms
}

/** All that a selector asks of one field: to be `only`, if that is given, and none of `not`. */
export interface FieldTerms {
  readonly only: string | undefined
  readonly not: ReadonlySet<string>
}

/** The terms by their field. A field that is asked to be two things is in `not` what it is in `only`: nothing matches. */
export function fieldTerms(terms: readonly FieldTerm[]): ReadonlyMap<string, FieldTerms> {
  const byField = new Map<string, { only: string | undefined; not: Set<string> }>()
  for (const { field, value, negated } of terms) {
    const known = byField.get(field) ?? { only: undefined, not: new Set() }
    byField.set(field, known)
    if (negated) known.not.add(value)
    else if (known.only === undefined) known.only = value
    else if (known.only !== value) known.not.add(known.only)
  }
  return byField
}

/** Splits at commas that no backslash escapes. */
function split(text: string): string[] {
  const parts: string[] = []
  let start = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === ',') {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

function operatorAt(part: string): [index: number, operator: '!=' | '==' | '='] | undefined {
  for (let i = 0; i < part.length; i++) {
    for (const operator of ['!=', '==', '='] as const) if (part.startsWith(operator, i)) return [i, operator]
  }
  return undefined
}

function unescapeValue(value: string): string {
  let text = ''
  for (let i = 0; i < value.length; i++) {
    const c = value[i] ?? ''
    if (c === '\\') {
      const next = value[++i]
      if (next !== '\\' && next !== ',' && next !== '=') {
        throw new Error(`invalid field selector: invalid escape sequence: \\${next ?? ''}`)
      }
      text += next
    } else if (c === ',' || c === '=') {
      throw new Error(`invalid field selector: unescaped character in value: ${c.charCodeAt(0)}`)
    } else text += c
  }
  return text
}
