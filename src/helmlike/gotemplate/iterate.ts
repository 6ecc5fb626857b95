// What `range` goes over.
import { formatValue } from './format.ts'
import type { Run } from './run.ts'
import { Int, isList, isMap, sortedKeys, type Value } from './value.ts'

/** Runs a loop's rounds; false when there was none. */
export function iterate(run: Run, v: Value, two: boolean, round: (run: Run, index: Value, v: Value) => boolean): boolean {
  if (v === undefined || v === null) return false
  if (isList(v)) {
    for (let i = 0; i < v.length; i++) if (round(run, two ? new Int(BigInt(i)) : undefined, v[i] ?? null)) break
    return v.length > 0
  }
  if (isMap(v)) {
    for (const key of sortedKeys(v)) if (round(run, key, v.get(key) ?? null)) break
    return v.size > 0
  }
  if (v instanceof Int) {
    if (two) run.fail(`can't use ${formatValue(v)} to iterate over more than one variable`)
    for (let i = 0n; i < v.v; i++) if (round(run, undefined, new Int(i, v.kind, v.type))) break
    return v.v > 0n
  }
  if (v instanceof Uint8Array) {
    for (let i = 0; i < v.length; i++)
      if (round(run, two ? new Int(BigInt(i)) : undefined, new Int(BigInt(v[i] as number), 'uint8'))) break
    return v.length > 0
  }
  return run.fail(`range can't iterate over ${formatValue(v)}`)
}
