import type { Labels, Requirement } from '../../apimachinery/label-selector.ts'

/** All that a selector asks of the label under one key. */
interface Term {
  readonly key: string
  isNeeded: boolean
  isRefused: boolean
  allowed: ReadonlySet<string> | undefined
  denied: Set<string> | undefined
  above: bigint | undefined
  below: bigint | undefined
}

/** A selector of more keys is compared label by label, not key by key: an object has few labels, a hostile selector thousands of keys. */
const fewKeys = 8

/** Whether labels satisfy all of `requirements`, in a time that does not grow with how many there are. */
export function satisfying(requirements: readonly Requirement[]): (labels: Labels) => boolean {
  const byKey = new Map<string, Term>()
  for (const requirement of requirements) {
    const { key } = requirement
    const term = byKey.get(key) ?? {
      key,
      isNeeded: false,
      isRefused: false,
      allowed: undefined,
      denied: undefined,
      above: undefined,
      below: undefined,
    }
    byKey.set(key, term)
    narrow(term, requirement)
  }
  const terms = [...byKey.values()]
  if (terms.length <= fewKeys) {
    return (labels) => terms.every((term) => admits(term, Object.hasOwn(labels, term.key) ? labels[term.key] : undefined))
  }
  const needed = terms.filter((term) => term.isNeeded)
  return (labels) => {
    // Ends at the first that is missing: no more steps than there are labels, and one.
    if (!needed.every(({ key }) => Object.hasOwn(labels, key))) return false
    for (const key in labels) {
      const term = byKey.get(key)
      if (term && !admits(term, labels[key])) return false
    }
    return true
  }
}

function narrow(term: Term, { operator, values }: Requirement): void {
  term.isNeeded ||= operator !== 'notin' && operator !== '!=' && operator !== '!'
  switch (operator) {
    case 'in':
    case '=':
    case '==': {
      const given = new Set(values)
      term.allowed = term.allowed ? term.allowed.intersection(given) : given
      break
    }
    case 'notin':
    case '!=':
      term.denied ??= new Set()
      for (const value of values) term.denied.add(value)
      break
    case '!':
      term.isRefused = true
      break
    case 'gt': {
      const bound = BigInt(values[0] ?? '0')
      if (term.above === undefined || bound > term.above) term.above = bound
      break
    }
    case 'lt': {
      const bound = BigInt(values[0] ?? '0')
      if (term.below === undefined || bound < term.below) term.below = bound
    }
  }
}

function admits({ isNeeded, isRefused, allowed, denied, above, below }: Term, value: string | undefined): boolean {
  if (value === undefined) return !isNeeded
  if (isRefused || (allowed && !allowed.has(value)) || denied?.has(value)) return false
  if (above === undefined && below === undefined) return true
  if (!/^[+-]?\d+$/.test(value)) return false
  const number = BigInt(value)
  return (above === undefined || number > above) && (below === undefined || number < below)
}
