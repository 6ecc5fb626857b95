export type Params = ReadonlyMap<string, string>

/** A part of an Accept header between commas. */
interface Clause {
  readonly type: string
  readonly subtype: string
  readonly quality: number
  readonly params: Params
}

/** Go's goautoneg takes spaces away, and no tabs. */
export const trimmed = (text: string): string => text.replace(/^ +| +$/g, '')

/** The clauses of an Accept header, best first (github.com/munnerz/goautoneg): odd ones are passed over, and none is refused by a quality of 0. */
export function clausesOf(header: string): Clause[] {
  const clauses = header.split(',').flatMap((part) => clauseOf(trimmed(part)) ?? [])
  // As Go sorts a short list: the order is none that any sort could keep, since a clause may be before another and behind it.
  for (let i = 1; i < clauses.length; i++) {
    for (let j = i; j > 0; j--) {
      const [before, after] = [clauses[j - 1], clauses[j]]
      if (!before || !after || !isBetter(after, before)) break
      clauses[j - 1] = after
      clauses[j] = before
    }
  }
  return clauses
}

const isBetter = (a: Clause, b: Clause): boolean =>
  a.quality > b.quality || (a.type !== '*' && b.type === '*') || (a.subtype !== '*' && b.subtype === '*')

function clauseOf(part: string): Clause | undefined {
  const [range = '', ...rest] = part.split(';')
  const [first = '', second = '', ...more] = range.split('/')
  const type = trimmed(first)
  if (more.join('/') !== '' || (second === '' && type !== '*')) return undefined
  const params = new Map<string, string>()
  let quality = 1
  for (const param of rest) {
    const [name = '', value = '', ...others] = param.split('=')
    if (value === '' || others.join('=') !== '') continue
    if (trimmed(name) === 'q') quality = /^[-+.\deE]+$/.test(value) ? Number(value) || 0 : 0
    else params.set(trimmed(name), trimmed(value))
  }
  return { type, subtype: second === '' ? '*' : trimmed(second), quality, params }
}
