import { compareNumbers } from './numbers.ts'
import {
  BOOL,
  BYTES,
  CelType,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  LIST,
  MAP,
  NULL,
  optionalOf,
  STRING,
  TIMESTAMP,
  TYPE,
  UINT,
} from './types.ts'
import {
  CelDouble,
  CelDuration,
  CelError,
  CelList,
  CelMap,
  CelOpaque,
  CelOptional,
  CelStruct,
  CelTimestamp,
  CelUint,
  noSuchOverload,
  type Value,
} from './values.ts'

/** CEL's `==`: numbers by value whatever their types, all else only within one type. Never fails. */
export function equals(a: Value, b: Value): boolean {
  if (a === b) return true
  if (a === null || b === null) return false
  if (typeof a === 'string' || typeof b === 'string' || typeof a === 'boolean' || typeof b === 'boolean') return false
  const left = numeric(a)
  const right = numeric(b)
  if (left !== undefined || right !== undefined) {
    return left !== undefined && right !== undefined && compareNumeric(a, b, left, right) === 0
  }
  return equalObjects(a as object, b as object)
}

function equalObjects(a: object, b: object): boolean {
  if (a instanceof CelList) return b instanceof CelList && a.equals(b, equals)
  if (a instanceof CelMap) return b instanceof CelMap && equalMaps(a, b)
  if (a instanceof CelStruct) return b instanceof CelStruct && equalStructs(a, b)
  if (a instanceof CelOpaque) return b instanceof CelOpaque && a.type.name === b.type.name && a.equals(b)
  if (a instanceof CelTimestamp) return b instanceof CelTimestamp && a.seconds === b.seconds && a.nanos === b.nanos
  if (a instanceof CelDuration) return b instanceof CelDuration && a.nanos === b.nanos
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0
  if (a instanceof CelType) return b instanceof CelType && a.name === b.name
  if (a instanceof CelOptional) return b instanceof CelOptional && equalOptionals(a, b)
  return false
}

function equalOptionals(a: CelOptional, b: CelOptional): boolean {
  if (a.value === undefined || b.value === undefined) return a.value === b.value
  return equals(a.value, b.value)
}

function equalMaps(a: CelMap, b: CelMap): boolean {
  if (a.size !== b.size) return false
  return a.keys().every((key) => {
    const other = b.get(key)
    return other !== undefined && equals(a.get(key) as Value, other)
  })
}

function equalStructs(a: CelStruct, b: CelStruct): boolean {
  if (a.type.name !== b.type.name) return false
  const fields = a.fields()
  if (fields.length !== b.fields().length) return false
  return fields.every((field) => {
    const [left, right] = [a.get(field), b.get(field)]
    return left !== undefined && right !== undefined && equals(left, right)
  })
}

function numeric(value: Value): number | bigint | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value
  return value instanceof CelDouble || value instanceof CelUint ? value.value : undefined
}

/** Beside a double, integers count as doubles too: cel-go loses the same digits. */
function compareNumeric(a: Value, b: Value, left: number | bigint, right: number | bigint): -1 | 0 | 1 | undefined {
  if (a instanceof CelDouble || b instanceof CelDouble) return compareNumbers(Number(left), Number(right))
  return compareNumbers(left, right)
}

/** -1, 0 or 1 of two values that have an order: numbers, strings, bytes, bools, times. Throws for others, and for NaN. */
export function compare(a: Value, b: Value): -1 | 0 | 1 {
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b)
  const [left, right] = [numeric(a), numeric(b)]
  if (left !== undefined && right !== undefined) {
    const order = compareNumeric(a, b, left, right)
    if (order === undefined) throw new CelError('NaN values cannot be ordered')
    return order
  }
  if (typeof a === 'boolean' && typeof b === 'boolean') return sign(Number(a) - Number(b))
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b)
  if (a instanceof CelDuration && b instanceof CelDuration) return compareNumbers(a.nanos, b.nanos) as -1 | 0 | 1
  if (a instanceof CelTimestamp && b instanceof CelTimestamp) return sign(a.seconds - b.seconds || a.nanos - b.nanos)
  throw noSuchOverload()
}

const sign = (value: number): -1 | 0 | 1 => (value < 0 ? -1 : value > 0 ? 1 : 0)

/** By code points: UTF-16 order differs where one text has a surrogate pair. */
function compareStrings(a: string, b: string): -1 | 0 | 1 {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (left === right) continue
    const leftHigh = left >= 0xd800 && left <= 0xdfff
    const rightHigh = right >= 0xd800 && right <= 0xdfff
    if (leftHigh !== rightHigh) return leftHigh ? 1 : -1
    return left < right ? -1 : 1
  }
  return a.length < b.length ? -1 : 1
}

/** What `type(value)` is. */
export function typeOfValue(value: Value): CelType {
  if (value === null) return NULL
  switch (typeof value) {
    case 'boolean':
      return BOOL
    case 'number':
    case 'bigint':
      return INT
    case 'string':
      return STRING
    default:
      return typeOfObject(value)
  }
}

function typeOfObject(value: object): CelType {
  if (value instanceof CelList) return LIST
  if (value instanceof CelMap) return MAP
  if (value instanceof CelStruct || value instanceof CelOpaque) return value.type
  if (value instanceof CelDouble) return DOUBLE
  if (value instanceof CelUint) return UINT
  if (value instanceof CelTimestamp) return TIMESTAMP
  if (value instanceof CelDuration) return DURATION
  if (value instanceof Uint8Array) return BYTES
  if (value instanceof CelOptional) return optionalOf(DYN)
  return TYPE
}

/** Whether `value` may be passed where `type` is declared. Elements of lists and maps are not looked at. */
export function isOfType(value: Value, type: CelType): boolean {
  switch (type.kind) {
    case 'dyn':
    case 'any':
    case 'param':
      return true
    case 'bool':
      return typeof value === 'boolean'
    case 'int':
      return typeof value === 'number' || typeof value === 'bigint'
    case 'string':
      return typeof value === 'string'
    case 'list':
      return value instanceof CelList
    case 'map':
      return value instanceof CelMap
    case 'type':
      return value instanceof CelType
    default:
      return typeOfValue(value).name === type.name
  }
}
