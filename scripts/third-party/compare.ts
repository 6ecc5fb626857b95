import { type Json, masked } from './masked.ts'

/** Objects by what they are called, masked. Pure. */
export function byName(objects: readonly Json[]): Map<string, Json> {
  return new Map(objects.map((o) => masked(o)).map((o) => [nameOf(o), o]))
}

function nameOf(object: Json): string {
  const { name, namespace } = object.metadata as { name: string; namespace?: string }
  return `${object.kind} ${namespace ? `${namespace}/` : ''}${name}`
}

/** Where two sets of objects differ: a line a place, `Kind ns/name .path: left | right`. Pure. */
export function differences(left: ReadonlyMap<string, Json>, right: ReadonlyMap<string, Json>): string[] {
  const names = new Set([...left.keys(), ...right.keys()])
  return [...names].sort().flatMap((name) => {
    const [a, b] = [left.get(name), right.get(name)]
    if (!a || !b) return [`${name}: ${a ? 'only on the first' : 'only on the second'}`]
    return differencesOf(a, b, '').map((line) => `${name} ${line}`)
  })
}

function differencesOf(a: unknown, b: unknown, path: string): string[] {
  if (isTree(a) && isTree(b) && Array.isArray(a) === Array.isArray(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)])
    return [...keys].flatMap((k) => differencesOf(a[k], b[k], `${path}.${k}`))
  }
  return JSON.stringify(a) === JSON.stringify(b) ? [] : [`${path}: ${short(a)} | ${short(b)}`]
}

function isTree(value: unknown): value is Json {
  return typeof value === 'object' && value !== null
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? '(absent)'
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
