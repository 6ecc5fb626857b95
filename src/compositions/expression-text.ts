/** A text with `${expressions}` in it: what is written between them, and where each begins. */
interface TextWithExpressions {
  /** Plain texts and expressions in turn, as they stand. */
  readonly parts: readonly (string | { readonly source: string })[]
  /** The text is one expression and nothing else: its value stands for itself, whatever type it has. */
  readonly isWhole: boolean
}

/** Throws Error for an expression that does not end. `$${` stands for a plain `${`. undefined: there is no expression. */
export function expressionsIn(text: string): TextWithExpressions | undefined {
  if (!text.includes('${')) return undefined
  const parts: (string | { source: string })[] = []
  let plain = ''
  let at = 0
  while (at < text.length) {
    if (text.startsWith('$${', at)) {
      plain += '${'
      at += 3
    } else if (text.startsWith('${', at)) {
      if (plain !== '') parts.push(plain)
      plain = ''
      const end = endOf(text, at + 2)
      parts.push({ source: text.slice(at + 2, end).trim() })
      at = end + 1
    } else plain += text[at++]
  }
  if (plain !== '') parts.push(plain)
  return { parts, isWhole: parts.length === 1 && typeof parts[0] === 'object' }
}

/** Where the brace that closes an expression stands; braces in texts and in map literals do not count. */
function endOf(text: string, start: number): number {
  let depth = 0
  for (let i = start; i < text.length; i++) {
    const char = text[i]
    if (char === '"' || char === "'") i = endOfText(text, i)
    else if (char === '{') depth++
    else if (char === '}' && depth-- === 0) return i
  }
  throw new Error(`\${${text.slice(start, start + 40)}… has no closing brace`)
}

function endOfText(text: string, start: number): number {
  const quote = text[start]
  const isRaw = /[rR]$/.test(text.slice(Math.max(0, start - 1), start))
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\' && !isRaw) i++
    else if (text[i] === quote) return i
  }
  throw new Error(`${text.slice(start, start + 40)}… is a text that does not end`)
}
