// eq, ne, lt, le, gt, ge of text/template.
import { sprintf } from './format.ts'
import { FunctionError } from './run.ts'
import { Complex, compareStrings, GoStruct, Int, typeName, type Value } from './value.ts'

type Basic = 'bool' | 'int' | 'uint' | 'float' | 'complex' | 'string'

function basicKind(v: Value): Basic | undefined {
  switch (typeof v) {
    case 'boolean':
      return 'bool'
    case 'string':
      return 'string'
    case 'number':
      return 'float'
    default:
  }
  if (v instanceof Int) return v.isUnsigned ? 'uint' : 'int'
  return v instanceof Complex ? 'complex' : undefined
}

const isInteger = (k: Basic | undefined) => k === 'int' || k === 'uint'

export function equals(a: Value, others: readonly Value[]): boolean {
  if (others.length === 0) throw new FunctionError('missing argument for comparison')
  const k1 = basicKind(a)
  for (const b of others) if (equalsOne(a, b, k1)) return true
  return false
}

function equalsOne(a: Value, b: Value, k1: Basic | undefined): boolean {
  const k2 = basicKind(b)
  const isNil = (v: Value) => v === undefined || v === null
  if (k1 !== k2) {
    if (isInteger(k1) && isInteger(k2)) return (a as Int).v === (b as Int).v
    if (isNil(a) || isNil(b)) return false
    throw new FunctionError(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`)
  }
  if (k1 === 'int' || k1 === 'uint') return (a as Int).v === (b as Int).v
  if (k1 === 'complex') return (a as Complex).re === (b as Complex).re && (a as Complex).im === (b as Complex).im
  if (k1) return a === b
  if (isNil(a) || isNil(b)) return isNil(a) && isNil(b)
  if (a instanceof GoStruct && b instanceof GoStruct) return a === b
  if (kindOf(a) !== kindOf(b))
    throw new FunctionError(sprintf('non-comparable types %s: %v, %s: %v', [a, typeName(a), typeName(b), b]))
  throw new FunctionError(sprintf('non-comparable type %s: %v', [b, typeName(b)]))
}

const kindOf = (v: Value) => (v instanceof Map ? 'map' : Array.isArray(v) || v instanceof Uint8Array ? 'slice' : 'struct')

export function lessThan(a: Value, b: Value): boolean {
  const k1 = basicKind(a)
  const k2 = basicKind(b)
  if (!k1 || !k2) throw new FunctionError('invalid type for comparison')
  if (isInteger(k1) && isInteger(k2)) return (a as Int).v < (b as Int).v
  if (k1 !== k2) throw new FunctionError(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`)
  if (k1 === 'bool' || k1 === 'complex') throw new FunctionError('invalid type for comparison')
  if (k1 === 'string') return compareStrings(a as string, b as string) < 0
  return (a as number) < (b as number)
}

export const lessOrEqual = (a: Value, b: Value): boolean => lessThan(a, b) || equals(a, [b])
