/** What Go's encoding leaves out: absent, null, 0, '', false, [] and {} are the same nothing in a status. */
function isZero(value: unknown): boolean {
  if (value === undefined || value === null || value === 0 || value === '' || value === false) return true
  if (typeof value !== 'object') return false
  return Array.isArray(value) ? value.length === 0 : Object.values(value).every(isZero)
}

/** Whether two statuses say the same, so that a write would change nothing. Zero values equal absent ones. */
export function sameStatus(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return isZero(a) && isZero(b)
  if (Array.isArray(a) !== Array.isArray(b)) return isZero(a) && isZero(b)
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((x, i) => sameStatus(x, b[i]))
  const x = a as Record<string, unknown>
  const y = b as Record<string, unknown>
  for (const key of Object.keys(x)) if (!sameStatus(x[key], y[key])) return false
  return Object.keys(y).every((key) => key in x || isZero(y[key]))
}

/** Whether two JSON values are equal; an undefined field equals an absent one. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((x, i) => sameValue(x, b[i]))
  const x = a as Record<string, unknown>
  const y = b as Record<string, unknown>
  for (const key of Object.keys(x)) if (!sameValue(x[key], y[key])) return false
  return Object.keys(y).every((key) => y[key] === undefined || x[key] !== undefined)
}

/** Whether `whole` says all that `part` says; lists must be as long. */
export function isWithin(part: unknown, whole: unknown): boolean {
  if (part === whole || part === undefined) return true
  if (typeof part !== 'object' || typeof whole !== 'object' || part === null || whole === null) return false
  if (Array.isArray(part) || Array.isArray(whole))
    return (
      Array.isArray(part) && Array.isArray(whole) && part.length === whole.length && part.every((x, i) => isWithin(x, whole[i]))
    )
  return Object.entries(part).every(([key, value]) => isWithin(value, (whole as Record<string, unknown>)[key]))
}
