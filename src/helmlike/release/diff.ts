// The difference between two manifests, object by object.

import { toYaml } from '../yaml/emit.ts'
import { fromPlain } from '../yaml/json.ts'
import { keyOf, objectsOf } from './manifest-objects.ts'

const HIDDEN = '(hidden)'

/** Objects by key, as lines. */
function lines(manifest: string): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const o of objectsOf(manifest)) {
    found.set(keyOf(o, ''), toYaml(fromPlain(o)).trimEnd().split('\n'))
  }
  return found
}

/** Lines of `a` and `b` that differ, with what they share around them left out. Longest common subsequence, bounded. */
export function changedLines(a: readonly string[], b: readonly string[]): string[] {
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  const [x, y] = [a.slice(start, a.length - end), b.slice(start, b.length - end)]
  if (x.length * y.length > 4_000_000) return [...x.map((l) => `- ${l}`), ...y.map((l) => `+ ${l}`)]
  const common = Array.from({ length: x.length + 1 }, () => new Uint32Array(y.length + 1))
  const at = (i: number, j: number) => common[i]?.[j] ?? 0
  for (let i = x.length - 1; i >= 0; i--) {
    for (let j = y.length - 1; j >= 0; j--)
      (common[i] as Uint32Array)[j] = x[i] === y[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  }
  const out: string[] = []
  for (let i = 0, j = 0; i < x.length || j < y.length; ) {
    if (i < x.length && j < y.length && x[i] === y[j]) {
      out.push(`  ${x[i]}`)
      i++
      j++
    } else if (j >= y.length || (i < x.length && at(i + 1, j) >= at(i, j + 1))) out.push(`- ${x[i++]}`)
    else out.push(`+ ${y[j++]}`)
  }
  return out
}

const isSecret = (key: string) => key.includes(' Secret ')
const hide = (line: string) => line.replace(/^([-+ ] {3,}\S+:) .*$/, `$1 ${HIDDEN}`)

/** The difference as text; '' when there is none. */
export function diffLines(old: string, next: string): string {
  const [before, after] = [lines(old), lines(next)]
  const out: string[] = []
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [a, b] = [before.get(key), after.get(key)]
    if (a && b && a.join('\n') === b.join('\n')) continue
    out.push(`${key} ${a ? (b ? 'changes' : 'goes') : 'comes'}:`)
    const rows = changedLines(a ?? [], b ?? [])
    out.push(...(isSecret(key) ? rows.map(hide) : rows))
  }
  return out.join('\n')
}
