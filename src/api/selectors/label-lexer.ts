export interface Token {
  readonly kind: 'word' | 'in' | 'notin' | '=' | '==' | '!=' | '!' | '>' | '<' | '(' | ')' | ',' | 'end' | 'error'
  readonly text: string
}

const symbols: ReadonlySet<string> = new Set(['(', ')', ',', '!', '=', '==', '!=', '>', '<'])
const isSpecial = (c: string) => '=!(),><'.includes(c)
const isBlank = (c: string) => c === ' ' || c === '\t' || c === '\r' || c === '\n'

/** The tokens of a label selector, ending with `end` (k8s.io/apimachinery/pkg/labels Lexer). */
export function tokens(text: string): Token[] {
  const found: Token[] = []
  let at = 0
  while (at < text.length) {
    const c = text[at] ?? ''
    if (isBlank(c)) {
      at++
    } else if (isSpecial(c)) {
      const [token, length] = symbol(text, at)
      found.push(token)
      at += length
    } else {
      let end = at
      while (end < text.length && !isSpecial(text[end] ?? '') && !isBlank(text[end] ?? '')) end++
      const word = text.slice(at, end)
      found.push({ kind: word === 'in' || word === 'notin' ? word : 'word', text: word })
      at = end
    }
  }
  found.push({ kind: 'end', text: '' })
  return found
}

/** The longest run of special characters whose beginning is a symbol. */
function symbol(text: string, at: number): [Token, length: number] {
  let best = ''
  for (let end = at + 1; end <= text.length && isSpecial(text[end - 1] ?? ''); end++) {
    const candidate = text.slice(at, end)
    if (symbols.has(candidate)) best = candidate
    else if (best) break
  }
  if (best === '') return [{ kind: 'error', text: `error expected: keyword found '${text[at]}'` }, 1]
  return [{ kind: best as Token['kind'], text: best }, best.length]
}
