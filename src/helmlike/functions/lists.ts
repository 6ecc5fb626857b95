// Sprig's list functions and integer sequences.
import type { Implementation } from '../gotemplate/function-table.ts'
import { FunctionError, LimitError } from '../gotemplate/run.ts'
import {
  type Int,
  int,
  isList,
  isTrue,
  kindName,
  type List,
  nilList,
  typedList,
  typeName,
  type Value,
} from '../gotemplate/value.ts'
import { deepEqual } from './deep-equal.ts'
import { toInt64 } from './number.ts'
import { elementsOf, NIL_POINTER } from './text.ts'

const MAX_SEQUENCE = 1_000_000
const isIn = (list: List, v: Value) =>
  typeof v === 'string' || typeof v === 'boolean' ? list.includes(v) : list.some((x) => deepEqual(x, v))

function uniq(v: Value): Value {
  const out: List = []
  const texts = new Set<string>()
  for (const x of elementsOf(v, 'Cannot find uniq on type')) {
    if (typeof x === 'string') {
      if (texts.has(x)) continue
      texts.add(x)
      out.push(x)
    } else if (!isIn(out, x)) out.push(x)
  }
  return out
}

function has(needle: Value, haystack: Value): Value {
  if (haystack === null || haystack === undefined) return false
  return isIn(elementsOf(haystack, 'Cannot find has on type'), needle)
}

function slice(v: Value, ...bounds: Value[]): Value {
  if (v === null || v === undefined) throw new FunctionError(NIL_POINTER)
  if (!isList(v)) throw new FunctionError(`list should be type of slice or array but ${kindName(v)}`)
  if (v.length === 0) return null
  const from = bounds.length > 0 ? Number(toInt64(bounds[0])) : 0
  const to = bounds.length > 1 ? Number(toInt64(bounds[1])) : v.length
  if (from < 0 || to < from || to > v.length) throw new FunctionError('reflect.Value.Slice: slice index out of bounds')
  return typedList(v.slice(from, to), typeName(v))
}

function concat(...lists: Value[]): Value {
  const out: List = []
  for (const list of lists) {
    if (list === null || list === undefined) throw new FunctionError(NIL_POINTER)
    if (!isList(list)) throw new FunctionError(`Cannot concat type ${kindName(list)} as list`)
    for (const x of list) out.push(x)
  }
  return out.length === 0 ? nilList() : out
}

function chunk(size: Int, v: Value): Value {
  const list = elementsOf(v, 'Cannot chunk type')
  const n = Number(size.v)
  const count = Math.floor((list.length - 1) / n) + 1
  if (n === 0 || (n < 0 && count !== 0)) throw new FunctionError('runtime error: makeslice: len out of range')
  const out: List = []
  if (count === 0) return typedList(out, '[][]interface {}')
  for (let i = 0; i < list.length; i += n) out.push(list.slice(i, i + n))
  return typedList(out, '[][]interface {}')
}

/** The integers from `start` towards `stop`. */
function sequence(start: bigint, stop: bigint, step: bigint): bigint[] {
  const out: bigint[] = []
  if (stop < start ? step >= 0n : step <= 0n) return out
  if ((stop - start) / step > BigInt(MAX_SEQUENCE))
    throw new LimitError(`a sequence of more than ${MAX_SEQUENCE} numbers is asked for`)
  if (stop < start) for (let i = start; i > stop; i += step) out.push(i)
  else for (let i = start; i < stop; i += step) out.push(i)
  return out
}

const intList = (numbers: bigint[]) => typedList(numbers.map(int), '[]int')

function seq(...params: Int[]): Value {
  const [a = 0n, b = 0n, c = 0n] = params.map((p) => p.v)
  const text = (numbers: bigint[]) => numbers.join(' ')
  switch (params.length) {
    case 1: {
      const step = a < 1n ? -1n : 1n
      return text(sequence(1n, a + step, step))
    }
    case 2: {
      const step = b < a ? -1n : 1n
      return text(sequence(a, b + step, step))
    }
    case 3: {
      const backwards = c < a
      if (backwards && b > 0n) return ''
      return text(sequence(a, c + (backwards ? -1n : 1n), b))
    }
    default:
      return ''
  }
}

const list = (...v: Value[]) => v
const append = (v: Value, x: Value) => [...elementsOf(v, 'Cannot push on type'), x]
const prepend = (v: Value, x: Value) => [x, ...elementsOf(v, 'Cannot prepend on type')]
const first = (v: Value) => elementsOf(v, 'Cannot find first on type')[0] ?? null
const last = (v: Value) => elementsOf(v, 'Cannot find last on type').at(-1) ?? null
const tail = (v: Value) => {
  const all = elementsOf(v, 'Cannot find rest on type')
  return all.length === 0 ? nilList() : all.slice(1)
}
const initial = (v: Value) => {
  const all = elementsOf(v, 'Cannot find initial on type')
  return all.length === 0 ? nilList() : all.slice(0, -1)
}
const reverse = (v: Value) => [...elementsOf(v, 'Cannot find reverse on type')].reverse()
const compact = (v: Value) => elementsOf(v, 'Cannot compact on type').filter(isTrue)
const without = (v: Value, ...omit: Value[]) => elementsOf(v, 'Cannot find without on type').filter((x) => !isIn(omit, x))

export const lists: { readonly [name: string]: Implementation } = {
  tuple: list,
  list,
  append,
  push: append,
  mustAppend: append,
  mustPush: append,
  prepend,
  mustPrepend: prepend,
  first,
  mustFirst: first,
  rest: tail,
  mustRest: tail,
  last,
  mustLast: last,
  initial,
  mustInitial: initial,
  reverse,
  mustReverse: reverse,
  uniq,
  mustUniq: uniq,
  without,
  mustWithout: without,
  has,
  mustHas: has,
  slice,
  mustSlice: slice,
  concat,
  chunk,
  mustChunk: chunk,
  compact,
  mustCompact: compact,
  until: (count: Int) => intList(sequence(0n, count.v, count.v < 0n ? -1n : 1n)),
  untilStep: (start: Int, stop: Int, step: Int) => intList(sequence(start.v, stop.v, step.v)),
  seq,
}
