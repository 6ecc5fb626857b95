import { OP } from '../ast.ts'
import { scale } from '../cost-range.ts'
import type { Library, Overload } from '../environment.ts'
import { compare, equals } from '../equality.ts'
import { addInt, divideInt, moduloInt, multiplyInt, negateInt, subtractInt, toUint } from '../numbers.ts'
import { BOOL, BYTES, type CelType, DOUBLE, DURATION, INT, listOf, mapOf, STRING, TIMESTAMP, UINT } from '../types.ts'
import { CelDouble, CelError, type CelInt, type CelList, type CelMap, type CelUint, type Value } from '../values.ts'
import { comparison, concatenation, equality } from './costs.ts'
import { A, B, overload } from './signature.ts'
import { addTimes, subtractTimes } from './time-arithmetic.ts'

const listOfA = listOf(A)
const mapOfAB = mapOf(A, B)

const unreachable = (): never => {
  throw new Error('evaluated by the compiler itself')
}

/** All pairs of ordered types: each with itself, and the numbers with one another. */
function orderings(name: string, holds: (order: -1 | 0 | 1) => boolean): Overload[] {
  const short = new Map<CelType, string>([
    [INT, 'int64'],
    [UINT, 'uint64'],
    [DOUBLE, 'double'],
  ])
  const run = (a: Value, b: Value): boolean => (isNaNDouble(a) || isNaNDouble(b) ? false : holds(compare(a, b)))
  const pairs: Overload[] = [overload(`${name}_bool`, [BOOL, BOOL], BOOL, run)]
  for (const left of [INT, UINT, DOUBLE]) {
    for (const right of [left, ...[INT, DOUBLE, UINT].filter((type) => type !== left)]) {
      const id = left === right ? `${name}_${short.get(left)}` : `${name}_${short.get(left)}_${short.get(right)}`
      pairs.push(overload(id, [left, right], BOOL, run))
    }
  }
  for (const type of [STRING, BYTES]) pairs.push(overload(`${name}_${type}`, [type, type], BOOL, run, comparison))
  for (const type of [TIMESTAMP, DURATION]) pairs.push(overload(`${name}_${type}`, [type, type], BOOL, run))
  return pairs
}

const isNaNDouble = (value: Value): boolean => value instanceof CelDouble && Number.isNaN(value.value)

const doubles = (run: (a: number, b: number) => number) => (a: CelDouble, b: CelDouble) => new CelDouble(run(a.value, b.value))
const uints = (run: (a: bigint, b: bigint) => bigint) => (a: CelUint, b: CelUint) => toUint(run(a.value, b.value))

function nonZero(b: bigint, message: string): bigint {
  if (b === 0n) throw new CelError(message)
  return b
}

const concatBytes = (a: Uint8Array, b: Uint8Array): Uint8Array => Buffer.concat([a, b])

function contains(item: Value, list: CelList): boolean {
  for (let i = 0; i < list.size; i++) if (equals(item, list.at(i))) return true
  return false
}

const listSearch = {
  cost: (args: readonly Value[]) => (args[1] as CelList).size,
  estimate: ((operands, sizes) => ({ cost: scale(sizes.of(operands[1] as never), 1) })) as NonNullable<Overload['estimate']>,
}

/** Operators: what `a + b`, `!a`, `a in b` and the like call. */
export const operators: Library = {
  functions: {
    [OP.conditional]: [overload('conditional', [BOOL, A, A], A, unreachable)],
    [OP.and]: [overload('logical_and', [BOOL, BOOL], BOOL, unreachable)],
    [OP.or]: [overload('logical_or', [BOOL, BOOL], BOOL, unreachable)],
    [OP.notStrictlyFalse]: [overload('not_strictly_false', [BOOL], BOOL, unreachable)],
    [OP.equals]: [overload('equals', [A, A], BOOL, unreachable, equality)],
    [OP.notEquals]: [overload('not_equals', [A, A], BOOL, unreachable, comparison)],
    [OP.index]: [overload('index_list', [listOfA, INT], A, unreachable), overload('index_map', [mapOfAB, A], B, unreachable)],
    [OP.not]: [overload('logical_not', [BOOL], BOOL, (a: boolean) => !a)],
    [OP.add]: [
      overload('add_bytes', [BYTES, BYTES], BYTES, concatBytes, concatenation(true)),
      overload(
        'add_double',
        [DOUBLE, DOUBLE],
        DOUBLE,
        doubles((a, b) => a + b),
      ),
      overload('add_duration_duration', [DURATION, DURATION], DURATION, addTimes),
      overload('add_duration_timestamp', [DURATION, TIMESTAMP], TIMESTAMP, addTimes),
      overload('add_timestamp_duration', [TIMESTAMP, DURATION], TIMESTAMP, addTimes),
      overload('add_int64', [INT, INT], INT, addInt),
      overload('add_list', [listOfA, listOfA], listOfA, (a: CelList, b: CelList) => a.plus(b), concatenation(false)),
      overload('add_string', [STRING, STRING], STRING, (a: string, b: string) => a + b, concatenation(true)),
      overload(
        'add_uint64',
        [UINT, UINT],
        UINT,
        uints((a, b) => a + b),
      ),
    ],
    [OP.subtract]: [
      overload(
        'subtract_double',
        [DOUBLE, DOUBLE],
        DOUBLE,
        doubles((a, b) => a - b),
      ),
      overload('subtract_duration_duration', [DURATION, DURATION], DURATION, subtractTimes),
      overload('subtract_int64', [INT, INT], INT, subtractInt),
      overload('subtract_timestamp_duration', [TIMESTAMP, DURATION], TIMESTAMP, subtractTimes),
      overload('subtract_timestamp_timestamp', [TIMESTAMP, TIMESTAMP], DURATION, subtractTimes),
      overload(
        'subtract_uint64',
        [UINT, UINT],
        UINT,
        uints((a, b) => a - b),
      ),
    ],
    [OP.multiply]: [
      overload(
        'multiply_double',
        [DOUBLE, DOUBLE],
        DOUBLE,
        doubles((a, b) => a * b),
      ),
      overload('multiply_int64', [INT, INT], INT, multiplyInt),
      overload(
        'multiply_uint64',
        [UINT, UINT],
        UINT,
        uints((a, b) => a * b),
      ),
    ],
    [OP.divide]: [
      overload(
        'divide_double',
        [DOUBLE, DOUBLE],
        DOUBLE,
        doubles((a, b) => a / b),
      ),
      overload('divide_int64', [INT, INT], INT, divideInt),
      overload(
        'divide_uint64',
        [UINT, UINT],
        UINT,
        uints((a, b) => a / nonZero(b, 'division by zero')),
      ),
    ],
    [OP.modulo]: [
      overload('modulo_int64', [INT, INT], INT, moduloInt),
      overload(
        'modulo_uint64',
        [UINT, UINT],
        UINT,
        uints((a, b) => a % nonZero(b, 'modulus by zero')),
      ),
    ],
    [OP.negate]: [
      overload('negate_double', [DOUBLE], DOUBLE, (a: CelDouble) => new CelDouble(-a.value)),
      overload('negate_int64', [INT], INT, (a: CelInt) => negateInt(a)),
    ],
    [OP.less]: orderings('less', (order) => order < 0),
    [OP.lessEquals]: orderings('less_equals', (order) => order <= 0),
    [OP.greater]: orderings('greater', (order) => order > 0),
    [OP.greaterEquals]: orderings('greater_equals', (order) => order >= 0),
    [OP.in]: [
      overload('in_list', [A, listOfA], BOOL, contains, listSearch),
      overload('in_map', [A, mapOfAB], BOOL, (key: Value, map: CelMap) => map.has(key)),
    ],
  },
}
