// Sprig's dictionary functions. Those that Go does in place (set, unset, merge) change their first argument here, too, and tell
// the include memo.
import type { Implementation } from '../gotemplate/function-table.ts'
import type { IncludeMemo } from '../gotemplate/include-memo.ts'
import { FunctionError, type Run } from '../gotemplate/run.ts'
import {
  deepCopy,
  isList,
  isMap,
  isTrue,
  type List,
  sortedKeys,
  stringList,
  TypedMap,
  typeName,
  type Value,
  type ValueMap,
} from '../gotemplate/value.ts'
import { textOf } from './text.ts'

function dict(run: Run, ...args: Value[]): Value {
  const out: ValueMap = new Map()
  run.shared.memo.made(out)
  for (let i = 0; i < args.length; i += 2)
    out.set(args[i] === null ? '<nil>' : textOf(args[i]), i + 1 < args.length ? (args[i + 1] ?? null) : '')
  return out
}

function keys(...maps: ValueMap[]): Value {
  return stringList(maps.flatMap((m) => sortedKeys(m)))
}

function pick(m: ValueMap, ...names: string[]): Value {
  const out: ValueMap = new Map()
  for (const name of names) if (m.has(name)) out.set(name, m.get(name))
  return out
}

function omit(m: ValueMap, ...names: string[]): Value {
  const left: ValueMap = new Map()
  for (const [k, v] of m) if (!names.includes(k)) left.set(k, v)
  return left
}

const MAX_DEPTH = 500
/** mergo's emptiness: the zero value, or nothing. */
const isEmpty = (v: Value) => !isTrue(v)

/** mergo.Merge into `dst`: what dst has stays unless it is empty; `overwrite`: what src has wins. Lists are never joined. */
function mergeInto(memo: IncludeMemo, dst: ValueMap, src: ValueMap, overwrite: boolean, depth = 0): void {
  if (depth > MAX_DEPTH) throw new FunctionError('merge: values are nested too deeply')
  if (dst === src || src.size === 0) return
  memo.changing(dst)
  for (const [key, s] of src) {
    const d = dst.get(key)
    if (s === null || s === undefined) {
      if (overwrite) dst.set(key, null)
      else if (!dst.has(key)) continue
      continue
    }
    if (isMap(s) && isMap(d)) mergeInto(memo, d, s, overwrite, depth + 1)
    else if (isList(s) && overwrite) dst.set(key, s)
    if (!isEmpty(d) && (isList(s) || (isMap(s) && isMap(d)))) continue
    if (overwrite || isEmpty(d)) dst.set(key, s)
  }
}

const merge =
  (overwrite: boolean) =>
  (run: Run, dst: ValueMap, ...sources: ValueMap[]) => {
    for (const src of sources) mergeInto(run.shared.memo, dst, src, overwrite)
    return dst
  }

function asDict(v: Value): ValueMap {
  if (isMap(v) && !(v instanceof TypedMap)) return v
  if (v === null || v === undefined)
    throw new FunctionError('interface conversion: interface {} is nil, not map[string]interface {}')
  throw new FunctionError(`interface conversion: interface {} is ${typeName(v)}, not map[string]interface {}`)
}

function dig(...args: Value[]): Value {
  if (args.length < 3) throw new FunctionError('dig needs at least three arguments')
  let at: ValueMap = asDict(args.at(-1))
  const fallback = args.at(-2)
  const path = args.slice(0, -2)
  for (const name of path) {
    if (typeof name !== 'string') throw new FunctionError(`interface conversion: interface {} is ${typeName(name)}, not string`)
  }
  for (let i = 0; i < path.length; i++) {
    const name = path[i] as string
    if (!at.has(name)) return fallback
    const v = at.get(name)
    if (i === path.length - 1) return v
    at = asDict(v)
  }
  return fallback
}

function pluck(name: string, ...maps: ValueMap[]): Value {
  const out: List = []
  for (const m of maps) if (m.has(name)) out.push(m.get(name))
  return out
}

function copy(v: Value): Value {
  if (v === null || v === undefined) throw new FunctionError('reflect: call of reflect.Value.Type on zero Value')
  return deepCopy(v)
}

export const dicts: { readonly [name: string]: Implementation } = {
  dict,
  get: (m: ValueMap, name: string) => (m.has(name) ? m.get(name) : ''),
  set: (run: Run, m: ValueMap, name: string, v: Value) => {
    run.shared.memo.changing(m)
    return m.set(name, v ?? null)
  },
  unset: (run: Run, m: ValueMap, name: string) => {
    run.shared.memo.changing(m)
    m.delete(name)
    return m
  },
  hasKey: (m: ValueMap, name: string) => m.has(name),
  pluck,
  keys,
  pick,
  omit,
  merge: merge(false),
  mustMerge: merge(false),
  mergeOverwrite: merge(true),
  mustMergeOverwrite: merge(true),
  values: (m: ValueMap) => sortedKeys(m).map((k) => m.get(k)),
  dig,
  deepCopy: copy,
  mustDeepCopy: copy,
}
