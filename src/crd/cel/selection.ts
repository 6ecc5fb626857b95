import { typeOfValue } from './equality.ts'
import { CelDouble, CelError, CelList, CelMap, CelOptional, CelStruct, CelUint, noSuchOverload, type Value } from './values.ts'

const noSuchKey = (key: Value): CelError => new CelError(`no such key: ${keyText(key)}`)

function keyText(key: Value): string {
  if (key instanceof CelUint || key instanceof CelDouble) return String(key.value)
  return typeof key === 'object' ? typeOfValue(key).name : String(key)
}

/** `value.field`; of an optional, an optional. Throws 'no such key' for what is not there. */
export function selectField(value: Value, field: string): Value {
  if (value instanceof CelOptional) return value.value === undefined ? value : optionalSelect(value.value, field)
  const found = lookup(value, field)
  if (found === undefined) throw noSuchKey(field)
  return found
}

/** What is no container has no field, as in cel-go; null has none either. Lists have indices. */
function lookup(value: Value, field: string): Value | undefined {
  if (value instanceof CelMap || value instanceof CelStruct) return value.get(field)
  if (value instanceof CelList) listIndex(field)
  return undefined
}

/** has(value.field) */
export function hasField(value: Value, field: string): boolean {
  if (value instanceof CelMap) return value.has(field)
  if (value instanceof CelStruct) return value.get(field) !== undefined
  if (value instanceof CelOptional) return value.value !== undefined && hasField(value.value, field)
  if (value instanceof CelList) listIndex(field)
  return false
}

/** `value.?field` */
export function optionalSelect(value: Value, field: string): CelOptional {
  if (value instanceof CelOptional) return value.value === undefined ? CelOptional.none : optionalSelect(value.value, field)
  const found = lookup(value, field)
  return found === undefined ? CelOptional.none : new CelOptional(found)
}

/** `value[key]`; of an optional, an optional. */
export function indexValue(value: Value, key: Value): Value {
  if (value instanceof CelOptional) return value.value === undefined ? value : optionalIndex(value.value, key)
  if (value instanceof CelList) {
    const index = listIndex(key)
    if (index < 0 || index >= value.size) throw new CelError(`index out of bounds: ${index}`)
    return value.at(index)
  }
  const found = keyed(value, key)
  if (found === undefined) throw noSuchKey(key)
  return found
}

/** `value[?key]` */
export function optionalIndex(value: Value, key: Value): CelOptional {
  if (value instanceof CelOptional) return value.value === undefined ? CelOptional.none : optionalIndex(value.value, key)
  if (value instanceof CelList) {
    const index = listIndex(key)
    return index < 0 || index >= value.size ? CelOptional.none : new CelOptional(value.at(index))
  }
  const found = keyed(value, key)
  return found === undefined ? CelOptional.none : new CelOptional(found)
}

function keyed(value: Value, key: Value): Value | undefined {
  if (!(value instanceof CelStruct)) {
    if (key === null || (typeof key === 'object' && !(key instanceof CelUint) && !(key instanceof CelDouble)))
      throw noSuchOverload()
    return value instanceof CelMap ? value.get(key) : undefined
  }
  if (typeof key !== 'string') throw noSuchOverload()
  return value.get(key)
}

function listIndex(key: Value): number {
  if (typeof key === 'number') return key
  const value = key instanceof CelUint || key instanceof CelDouble ? Number(key.value) : Number.NaN
  if (typeof key === 'bigint') return Number(key)
  if (key instanceof CelDouble && !Number.isInteger(value)) throw new CelError(`unsupported index value ${value} in list`)
  if (Number.isNaN(value)) throw new CelError(`unsupported index type '${typeOfValue(key).name}' in list`)
  return value
}
