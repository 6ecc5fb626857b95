const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)

const ESCAPES: Readonly<Record<string, string>> = { __: '__underscores__', '.': '__dot__', '-': '__dash__', '/': '__slash__' }
const UNESCAPES: Readonly<Record<string, string>> = { underscores: '__', dot: '.', dash: '-', slash: '/' }

/** A property name as a CEL identifier. undefined when it cannot be one. */
export function escapeName(name: string): string | undefined {
  if (name === '' || /^\d/.test(name) || /[^a-zA-Z0-9\-./_]/.test(name)) return undefined
  if (RESERVED.has(name)) return `__${name}__`
  return name.replace(/__|[-./]/g, (part) => ESCAPES[part] as string)
}

/** What `escapeName` made the identifier of. undefined when it made no such one. */
export function unescapeName(identifier: string): string | undefined {
  if (!identifier.includes('__')) return identifier
  let valid = true
  const name = identifier.replace(/__([^_]+)__/g, (match, inside: string) => {
    const char = Object.hasOwn(UNESCAPES, inside) ? UNESCAPES[inside] : undefined
    if (char !== undefined) return char
    if (RESERVED.has(inside) && match.length === identifier.length) return inside
    valid = false
    return ''
  })
  return valid ? name : undefined
}

/** Whether `name` is a word of CEL's. As a field it may be written plainly, too. */
export const isReserved = (name: string): boolean => RESERVED.has(name)
