import type { Expr } from '../ast.ts'
import type { CallEstimator, Operand } from '../cost-estimate.ts'
import { fixed, multiply, type Range, STRING_TRAVERSAL, UNBOUNDED } from '../cost-range.ts'
import type { Library, Overload } from '../environment.ts'
import { compare, equals, typeOfValue } from '../equality.ts'
import { type Macro, MacroError, map, receiverMacro } from '../macros.ts'
import { BOOL, BYTES, type CelType, DOUBLE, DURATION, DYN, INT, listOf, STRING, TIMESTAMP, typeParam, UINT } from '../types.ts'
import { ArrayList, CelError, type CelInt, CelList, listItems, type Value } from '../values.ts'
import { listCall, listCallCost } from './costs.ts'
import { method, overload } from './signature.ts'

const listOfT = listOf(typeParam('T'))
const listOfDyn = listOf(DYN)
/** What can be sorted. */
export const COMPARABLE: readonly CelType[] = [INT, UINT, DOUBLE, BOOL, DURATION, TIMESTAMP, STRING, BYTES]
/** Longer ranges would be made before any cost limit could stop them. */
const LONGEST_RANGE = 10_000_000

function slice(list: CelList, start: CelInt, end: CelInt): CelList {
  const call = `cannot slice(${start}, ${end})`
  if (start < 0 || end < 0) throw new CelError(`${call}, negative indexes not supported`)
  if (start > end) throw new CelError(`${call}, start index must be less than or equal to end index`)
  if (list.size < end) throw new CelError(`${call}, list is length ${list.size}`)
  return new ArrayList(listItems(list).slice(Number(start), Number(end)))
}

function flatten(list: CelList, depth: CelInt = 1): CelList {
  if (depth < 0) throw new CelError('level must be non-negative')
  const flat = (items: readonly Value[], left: number): Value[] =>
    items.flatMap((item) => (item instanceof CelList && left > 0 ? flat(listItems(item), left - 1) : [item]))
  return new ArrayList(flat(listItems(list), Number(depth)))
}

function range(length: CelInt): CelList {
  if (length > LONGEST_RANGE) throw new CelError(`lists.range: ${length} elements are too many`)
  return new ArrayList(Array.from({ length: Math.max(0, Number(length)) }, (_, i) => i))
}

function distinct(list: CelList): CelList {
  const unique: Value[] = []
  for (const item of listItems(list)) if (!unique.some((other) => equals(item, other))) unique.push(item)
  return new ArrayList(unique)
}

function sortByKeys(list: CelList, keys: CelList): CelList {
  if (list.size !== keys.size) {
    const sizes = `${list.size} and ${keys.size} elements respectively`
    throw new CelError(`@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got ${sizes}`)
  }
  const pairs = listItems(list).map((item, i) => [keys.at(i), item] as const)
  const first = pairs[0]
  if (first === undefined) return list
  const type = typeOfValue(first[0]).name
  if (!COMPARABLE.some((comparable) => comparable.name === type)) throw new CelError('list elements must be comparable')
  if (pairs.some(([key]) => typeOfValue(key).name !== type)) throw new CelError('list elements must have the same type')
  return new ArrayList(pairs.toSorted(([a], [b]) => compare(a, b)).map(([, item]) => item))
}

const SORTED = ['list', 'select', 'ident', 'comprehension', 'call']

/** `list.sortBy(x, key)`: the keys of all elements, then the elements in the order of their keys. */
const sortBy: Macro = (make, target, args) => {
  const list = target as Expr
  if (!SORTED.includes(list.kind)) {
    throw new MacroError(list.pos, 'sortBy can only be applied to a list, identifier, comprehension, call or select expression')
  }
  const input = '@__sortBy_input__'
  const keys = map(make, make.ident(0, input), args) as Expr
  return make.comprehension({
    range: make.list(0, []),
    iterVar: '#unused',
    iterVar2: undefined,
    accuVar: input,
    init: list,
    condition: make.literal(0, false),
    step: make.ident(0, input),
    result: make.call(0, '@sortByAssociatedKeys', [keys], make.ident(0, input)),
  })
}

function literalInt(operand: Operand | undefined, otherwise: number): number {
  const expr = operand?.expr
  if (expr?.kind !== 'literal' || (typeof expr.value !== 'number' && typeof expr.value !== 'bigint')) return otherwise
  return Math.max(0, Number(expr.value))
}

const square = (size: Range): Range => multiply(size, size)
const sizeCost = (_args: readonly Value[], result: Value): number => listCallCost(1, (result as CelList).size)

/** Comparing each element with each other one. */
function selfCompareCost(list: CelList): number {
  const factor = list.size > 0 && isText(list.at(0)) ? 2 + STRING_TRAVERSAL : 2
  return listCallCost(factor, list.size * list.size)
}

const isText = (value: Value): boolean => typeof value === 'string' || value instanceof Uint8Array

const sorting = (type: CelType, index: 0 | 1): Pick<Overload, 'cost' | 'estimate'> => ({
  cost: (args) => selfCompareCost(args[index] as CelList),
  estimate: (operands, sizes) => {
    const factor = type.kind === 'string' || type.kind === 'bytes' ? 2 + STRING_TRAVERSAL : 2
    return listCall(factor, square(sizes.of(operands[index] as Operand)))
  },
})

const estimateSlice: CallEstimator = (operands, sizes) => {
  const most = sizes.of(operands[0] as Operand).max
  return listCall(1, fixed(Math.max(0, literalInt(operands[2], most) - literalInt(operands[1], 0))))
}

const flattening: Pick<Overload, 'cost' | 'estimate'> = {
  cost: (args) => listCallCost(args.length === 2 ? Number(args[1]) : 1, (args[0] as CelList).size),
  estimate: (operands, sizes) => {
    const depth = operands.length === 2 ? literalInt(operands[1], UNBOUNDED) : 1
    return listCall(depth, sizes.of(operands[0] as Operand))
  },
}

/** cel-go's lists extension, version 3. */
export const lists: Library = {
  macros: [receiverMacro('sortBy', 2, sortBy)],
  functions: {
    slice: [method('list_slice', [listOfT, INT, INT], listOfT, slice, { cost: sizeCost, estimate: estimateSlice })],
    flatten: [
      method('list_flatten', [listOf(listOfT)], listOfT, flatten, flattening),
      method('list_flatten_int', [listOfDyn, INT], listOfDyn, flatten, flattening),
    ],
    sort: COMPARABLE.map((type) =>
      method(`list_${type.name}_sort`, [listOf(type)], listOf(type), (list: CelList) => sortByKeys(list, list), sorting(type, 0)),
    ),
    '@sortByAssociatedKeys': COMPARABLE.map((type) =>
      method(`list_${type.name}_sortByAssociatedKeys`, [listOfT, listOf(type)], listOfT, sortByKeys, sorting(type, 1)),
    ),
    'lists.range': [
      overload('lists_range', [INT], listOf(INT), range, {
        cost: sizeCost,
        estimate: (operands) => listCall(1, fixed(literalInt(operands[0], UNBOUNDED))),
      }),
    ],
    reverse: [
      method('list_reverse', [listOfT], listOfT, (list: CelList) => new ArrayList([...listItems(list)].reverse()), {
        cost: sizeCost,
        estimate: (operands, sizes) => listCall(1, sizes.of(operands[0] as Operand)),
      }),
    ],
    distinct: [
      method('list_distinct', [listOfT], listOfT, distinct, {
        cost: (args) => selfCompareCost(args[0] as CelList),
        estimate: (operands, sizes) => listCall(2, square(sizes.of(operands[0] as Operand))),
      }),
    ],
  },
}
