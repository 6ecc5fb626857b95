import type { Library, Overload } from '../environment.ts'
import { compare, equals, typeOfValue } from '../equality.ts'
import { addInt, toUint } from '../numbers.ts'
import { BOOL, type CelType, DOUBLE, DURATION, INT, listOf, UINT } from '../types.ts'
import {
  CelDouble,
  CelDuration,
  CelError,
  type CelInt,
  type CelList,
  CelUint,
  listItems,
  noSuchOverload,
  type Value,
} from '../values.ts'
import { walkOver } from './costs.ts'
import { COMPARABLE } from './lists.ts'
import { A, method } from './signature.ts'
import { addTimes } from './time-arithmetic.ts'

function isSorted(list: CelList): boolean {
  const items = listItems(list)
  return items.every((item, i) => i === 0 || compare(items[i - 1] as Value, item) <= 0)
}

function extreme(name: string, sign: -1 | 1): (list: CelList) => Value {
  return (list) => {
    const items = listItems(list)
    if (items.length === 0) throw new CelError(`${name} called on empty list`)
    return items.reduce((best, item) => (compare(item, best) === sign ? item : best))
  }
}

/** What is added up is of one type, though a list may have items of several. */
const summing = <T extends Value>(zero: T, plus: (a: T, b: T) => T) => {
  const type = typeOfValue(zero).name
  return (list: CelList): Value =>
    listItems(list).reduce((sum: T, item) => {
      if (typeOfValue(item).name !== type) throw noSuchOverload()
      return plus(sum, item as T)
    }, zero)
}

const SUMS: readonly (readonly [CelType, (list: CelList) => Value])[] = [
  [INT, summing<CelInt>(0, addInt)],
  [UINT, summing(new CelUint(0n), (a, b) => toUint(a.value + b.value))],
  [DOUBLE, summing(new CelDouble(0), (a, b) => new CelDouble(a.value + b.value))],
  [DURATION, summing(new CelDuration(0n), (a, b) => addTimes(a, b) as CelDuration)],
]

const shortName = (type: CelType): string => String(type)

const eachComparable = (name: string, result: (type: CelType) => CelType, call: (list: CelList) => Value): Overload[] =>
  COMPARABLE.map((type) => method(`list_${shortName(type)}_${name}`, [listOf(type)], result(type), call, walkOver))

const indexOf = (list: CelList, item: Value): number => listItems(list).findIndex((other) => equals(other, item))
const lastIndexOf = (list: CelList, item: Value): number => listItems(list).findLastIndex((other) => equals(other, item))

/** Kubernetes' own functions on lists. */
export const kubernetesLists: Library = {
  functions: {
    isSorted: eachComparable('is_sorted_bool', () => BOOL, isSorted),
    sum: SUMS.map(([type, call]) =>
      method(`list_${shortName(type)}_sum_${shortName(type)}`, [listOf(type)], type, call, walkOver),
    ),
    max: eachComparable('max', (type) => type, extreme('max', 1)),
    min: eachComparable('min', (type) => type, extreme('min', -1)),
    indexOf: [method('list_a_index_of_int', [listOf(A), A], INT, indexOf, walkOver)],
    lastIndexOf: [method('list_a_last_index_of_int', [listOf(A), A], INT, lastIndexOf, walkOver)],
  },
}
