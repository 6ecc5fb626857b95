import { duplicate, invalid, required, tooLong, tooMany } from '../../../apimachinery/field-error.ts'
import { isCIdentifier, isLonger } from '../../../apimachinery/names.ts'
import { checkSubdomain, type Errors, pushInvalid } from '../errors.ts'
import { checkCsiDriver } from '../pod-spec/volume-sources.ts'

/** At most `max` items, each fine by itself. */
export function checkItems<T>(
  list: readonly T[] | null | undefined,
  max: number,
  check: (item: T, at: string, errors: Errors) => void,
  at: string,
  errors: Errors,
): boolean {
  const items = list ?? []
  if (max >= 0 && items.length > max) {
    errors.push(tooMany(at, items.length, max))
    return false
  }
  for (const [i, item] of items.entries()) check(item, `${at}[${i}]`, errors)
  return true
}

/** Items of which no two have the same key. */
export function checkSet<T>(
  list: readonly T[] | null | undefined,
  max: number,
  check: (item: T, at: string, errors: Errors) => void,
  keyOf: (item: T) => string,
  at: string,
  errors: Errors,
  shown: (item: T) => unknown = keyOf,
): void {
  if (!checkItems(list, max, check, at, errors)) return
  const seen = new Set<string>()
  for (const [i, item] of (list ?? []).entries()) {
    const key = keyOf(item)
    if (seen.has(key)) errors.push(duplicate(`${at}[${i}]`, shown(item)))
    seen.add(key)
  }
}

export function checkPoolName(name: string | undefined, at: string, errors: Errors): void {
  if (!name) errors.push(required(at))
  else {
    if (isLonger(name, 253)) errors.push(tooLong(at, 253))
    for (const part of name.split('/')) checkSubdomain(part, at, errors)
  }
}

function checkIdentifier(id: string, at: string, errors: Errors): void {
  if (isLonger(id, 32)) errors.push(tooLong(at, 32))
  pushInvalid(errors, at, id, isCIdentifier(id))
}

/** `name` or `domain/name` */
export function checkAttributeName(name: string, at: string, errors: Errors): void {
  const parts = name.split('/')
  const [domain = '', id = ''] = parts
  if (parts.length === 1) checkIdentifier(domain, at, errors)
  if (parts.length !== 2) return
  if (domain === '') errors.push(invalid(at, '', 'the domain must not be empty'))
  else checkCsiDriver(domain, at, errors)
  if (id === '') errors.push(invalid(at, '', 'the name must not be empty'))
  else checkIdentifier(id, at, errors)
}

export function checkFullAttributeName(name: string, at: string, errors: Errors): void {
  checkAttributeName(name, at, errors)
  if (!name.includes('/')) {
    errors.push(invalid(at, name, 'a fully qualified name must be a domain and a name separated by a slash'))
  }
}
