import { markLarge } from './json-size.ts'
import type { Steps } from './steps.ts'

/** Sets an own member whatever its name, `__proto__` too. */
export function setMember(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  else object[key] = value
}

/** So many members are copied in one step. */
const stepSize = 1000

/** A copy of an object's members, all or those of `keys`, as they are, in steps: of many members it takes as long as all else that is done to them. */
export function* memberCopy(object: Readonly<Record<string, unknown>>, keys?: readonly string[]): Steps<Record<string, unknown>> {
  const copied = keys ?? Object.keys(object)
  if (keys === undefined && copied.length < stepSize) return { ...object }
  const copy: Record<string, unknown> = {}
  if (copied.length >= stepSize) markLarge(copy)
  for (const [i, key] of copied.entries()) {
    if (i % stepSize === 0) yield
    setMember(copy, key, object[key])
  }
  return copy
}
