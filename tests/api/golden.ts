import { readFileSync } from 'node:fs'
import { type StructType, typeOf } from '../../src/api/schema/types.ts'

/** The lines of a file of tests/data/api. */
export function golden<T>(file: string): T[] {
  const text = readFileSync(new URL(`../data/api/${file}`, import.meta.url), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T)
}

export function typeNamed([group, version, kind]: readonly [string, string, string]): StructType {
  const type = typeOf(group, version, kind)
  if (!type) throw new Error(`no type ${kind}`)
  return type
}

/** A value with the members of its maps in alphabetical order. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const object = value as Record<string, unknown>
  return Object.fromEntries(
    Object.keys(object)
      .sort()
      .map((key) => [key, sorted(object[key])]),
  )
}
