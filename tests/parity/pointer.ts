const unescaped = (token: string): string => token.replaceAll('~1', '/').replaceAll('~0', '~')

type Members = Record<string, unknown>

export const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What a JSON pointer leads to; a token `[key=value]` takes the first item whose key has that value. undefined: nothing. */
export function at(document: unknown, pointer: string): unknown {
  let value = document
  for (const token of pointer.split('/').slice(1).map(unescaped)) {
    if (Array.isArray(value)) {
      const [, key, wanted] = /^\[([^=]+)=(.*)\]$/.exec(token) ?? []
      value = key === undefined ? value[Number(token)] : value.find((item) => isMembers(item) && String(item[key]) === wanted)
    } else value = isMembers(value) && Object.hasOwn(value, token) ? value[token] : undefined
  }
  return value
}

/** Puts `<ignored>` where a pointer leads; `*` is every member. */
export function ignore(document: unknown, pointer: string): void {
  const [first, ...rest] = pointer.split('/').slice(1)
  if (first === undefined || typeof document !== 'object' || document === null) return
  const inside = document as Members
  for (const key of first === '*' ? Object.keys(inside) : [unescaped(first)].filter((k) => Object.hasOwn(inside, k))) {
    if (rest.length === 0) inside[key] = '<ignored>'
    else ignore(inside[key], `/${rest.join('/')}`)
  }
}
