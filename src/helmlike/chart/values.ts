// How Helm lays values over one another: user's over the chart's, parent's over the subchart's, globals to all.
import { copyMap, deepCopy, isMap, type Value, type ValueMap } from '../gotemplate/value.ts'
import { ChartError } from './chart.ts'

const GLOBAL = 'global'

/** What of a chart its values are laid out by. */
interface ValuesOfChart {
  readonly metadata: { readonly name: string }
  readonly values?: ValueMap | undefined
  readonly dependencies: readonly ValuesOfChart[]
}

/** Told what is skipped because a map meets something else. */
export type Warn = (message: string) => void

/** The chart's values with the user's over them; null deletes. */
export function coalesceValues(c: ValuesOfChart, values: ValueMap | undefined, warn: Warn): ValueMap {
  return coalesce(c, values ? copyMap(values) : new Map(), '', false, warn)
}

/** As coalesceValues, but nulls stay. */
export function mergeValues(c: ValuesOfChart, values: ValueMap | undefined, warn: Warn): ValueMap {
  return coalesce(c, values ? copyMap(values) : new Map(), '', true, warn)
}

const joined = (a: string, b: string) => (a === '' ? b : `${a}.${b}`)

function coalesce(c: ValuesOfChart, dest: ValueMap, prefix: string, merge: boolean, warn: Warn): ValueMap {
  coalesceOwn(c, dest, prefix, merge, warn)
  for (const sub of c.dependencies) {
    const { name } = sub.metadata
    if (!dest.has(name)) dest.set(name, new Map())
    const inner = dest.get(name)
    if (!isMap(inner)) throw new ChartError(`type mismatch on ${name}: ${String(inner)}`)
    const subPrefix = joined(prefix, c.metadata.name)
    coalesceGlobals(inner, dest, subPrefix, warn)
    dest.set(name, coalesce(sub, inner, subPrefix, merge, warn))
  }
  return dest
}

function coalesceGlobals(dest: ValueMap, source: ValueMap, prefix: string, warn: Warn): void {
  const to = dest.has(GLOBAL) ? dest.get(GLOBAL) : new Map<string, Value>()
  const from = source.has(GLOBAL) ? source.get(GLOBAL) : new Map<string, Value>()
  if (!isMap(to) || !isMap(from)) {
    warn(`warning: skipping globals because ${isMap(to) ? 'source' : 'destination'} ${GLOBAL} is not a table.`)
    return
  }
  for (const [key, value] of from) {
    const old = to.get(key)
    if (isMap(value)) {
      const copy: ValueMap = new Map(value)
      if (!to.has(key)) to.set(key, copy)
      else if (isMap(old)) {
        coalesceTables(copy, old, joined(prefix, key), true, warn)
        to.set(key, copy)
      } else warn(`Conflict: cannot merge map onto non-map for "${key}". Skipping.`)
    } else if (isMap(old)) warn(`key ${key} is table. Skipping`)
    else to.set(key, value)
  }
  dest.set(GLOBAL, to)
}

function coalesceOwn(c: ValuesOfChart, values: ValueMap, prefix: string, merge: boolean, warn: Warn): void {
  const subPrefix = joined(prefix, c.metadata.name)
  for (const [key, original] of c.values ?? new Map<string, Value>()) {
    const value = deepCopy(original)
    if (!values.has(key)) {
      if (!merge) {
        if (value === null || value === undefined) continue
        if (isMap(value)) removeNulls(value)
      }
      values.set(key, value)
      continue
    }
    const given = values.get(key)
    if ((given === null || given === undefined) && !merge) values.delete(key)
    else if (isMap(given)) {
      if (!isMap(value)) {
        if (value !== null && value !== undefined) warn(`warning: skipped value for ${subPrefix}.${key}: Not a table.`)
        continue
      }
      const mergeInside = merge || c.dependencies.some((d) => d.metadata.name === key)
      if (!mergeInside) removeNulls(value)
      coalesceTables(given, value, joined(subPrefix, key), mergeInside, warn)
    }
  }
}

/** Lays `dest` over `source`, in dest. */
export function coalesceTables(dest: ValueMap, source: ValueMap, prefix: string, merge: boolean, warn: Warn): ValueMap {
  const isNull = (v: Value) => v === null || v === undefined
  const sourceHadValue = new Set([...source].filter(([, v]) => !isNull(v)).map(([k]) => k))
  for (const [key, value] of dest) if (isNull(value)) source.set(key, null)
  for (const [key, value] of source) {
    const full = joined(prefix, key)
    const old = dest.get(key)
    if (dest.has(key) && !merge && isNull(old) && sourceHadValue.has(key)) dest.delete(key)
    else if (!dest.has(key)) dest.set(key, value)
    else if (isMap(value)) {
      if (isMap(old)) coalesceTables(old, value, full, merge, warn)
      else warn(`warning: cannot overwrite table with non table for ${full}`)
    } else if (isMap(old) && !isNull(value)) warn(`warning: destination for ${full} is a table. Ignoring non-table value`)
  }
  return dest
}

function removeNulls(m: ValueMap): void {
  for (const [key, value] of m) {
    if (value === null || value === undefined) m.delete(key)
    else if (isMap(value)) removeNulls(value)
  }
}

/** The map at a dotted path, if there is one. */
export function tableAt(m: ValueMap, path: string): ValueMap | undefined {
  let at: ValueMap = m
  for (const name of path.split('.')) {
    const inner = at.get(name)
    if (!isMap(inner)) return undefined
    at = inner
  }
  return at
}

/** The value, no map, at a dotted path. */
export function valueAt(m: ValueMap, path: string): Value {
  const dot = path.lastIndexOf('.')
  const table = dot < 0 ? m : tableAt(m, path.slice(0, dot))
  const v = table?.get(path.slice(dot + 1))
  return isMap(v) ? undefined : v
}
