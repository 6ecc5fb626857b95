import { int64Of, isInt64, numberOf, WholeFloat, WrittenNumber } from '../../apimachinery/json.ts'
import { doubleText } from '../../apimachinery/number-text.ts'
import type { SchemaNode } from './node.ts'

// How kube-openapi holds a number against its schema, whose bounds are all float64: an int64 is compared with the bound as an int64, a float64
// with the bound as it is.

export type JsonNumber = number | bigint | WholeFloat

/** What breaks a schema: told of the value, of the factor (which is none), or of the whole object. */
type NumberProblem =
  | { readonly of: 'value'; readonly value: unknown; readonly detail: string }
  | { readonly of: 'factor'; readonly factor: number | bigint }
  | { readonly of: 'whole'; readonly detail: string }

const largestExact = 2 ** 53 - 1
const epsilon = 1e-9

/** go-openapi's IsFloat64AJSONInteger: nearly whole from above is whole. */
export function isWhole(value: number): boolean {
  if (!(Math.abs(value) <= largestExact)) return false
  if (Number.isInteger(value)) return true
  const whole = Math.trunc(value)
  return whole > 0 && (value - whole) / (value + whole) < epsilon
}

/** `path`: as messages name it. */
export function numberProblems(value: JsonNumber, node: SchemaNode, path: string): NumberProblem[] {
  const { multipleOf, maximum, minimum, exclusiveMaximum, exclusiveMinimum } = node.schema
  const told: NumberProblem[] = []
  const tell = ({ shown }: Compared, detail: string): void => void told.push({ of: 'value', value: shown, detail })
  const checkRange = (what: string, bound: JsonNumber): boolean => {
    const range = rangeComplaint(bound, node)
    if (range !== undefined) told.push({ of: 'whole', detail: `${what} value must be of type ${range} in ${path}` })
    return range === undefined
  }
  checkRange('Checked', value)
  if (multipleOf !== undefined) {
    const both = alike(value, multipleOf, checkRange('MultipleOf', multipleOf))
    if (both.bound <= 0) told.push({ of: 'factor', factor: both.bound })
    else if (!isMultiple(both.data, both.bound)) tell(both, `should be a multiple of ${both.text}`)
  }
  if (minimum !== undefined) {
    const both = alike(value, minimum, checkRange('Minimum boundary', minimum))
    const than = exclusiveMinimum ? 'greater than' : 'greater than or equal to'
    const isOut = exclusiveMinimum ? both.data <= both.bound : both.data < both.bound
    if (isOut) tell(both, `should be ${than} ${both.text}`)
  }
  if (maximum !== undefined) {
    const both = alike(value, maximum, checkRange('Maximum boundary', maximum))
    const than = exclusiveMaximum ? 'less than' : 'less than or equal to'
    const isOut = exclusiveMaximum ? both.data >= both.bound : both.data > both.bound
    if (isOut) tell(both, `should be ${than} ${both.text}`)
  }
  return told
}

/** A value and a bound as they are compared: both as int64, or both as float64. */
function alike(value: JsonNumber, bound: number, isInRange: boolean): Compared {
  if (!isInRange || !isInt64(value)) {
    const data = Number(value)
    return { data, bound, text: doubleText(bound), shown: new WrittenNumber(doubleText(data)) }
  }
  const whole = int64Of(bound)
  return { data: value, bound: whole, text: String(whole), shown: value }
}

interface Compared {
  readonly data: number | bigint
  readonly bound: number | bigint
  /** The bound as messages show it. */
  readonly text: string
  /** The data, for messages. */
  readonly shown: unknown
}

function isMultiple(value: number | bigint, factor: number | bigint): boolean {
  if (isInt64(value) && isInt64(factor)) return BigInt(value) % BigInt(factor) === 0n
  const [data, by] = [Number(value), Number(factor)]
  return isWhole(by < 1 ? (1 / by) * data : data / by)
}

/** 'integer with format int32' when a number is outside of what the type can hold. */
function rangeComplaint(given: JsonNumber, node: SchemaNode): string | undefined {
  const value = given instanceof WholeFloat ? Number(given) : given
  const [type, second] = node.types
  if (second !== undefined) return undefined
  const { format } = node
  if (type === 'integer') {
    const isIn32 = isInt64(value) && value >= -(2 ** 31) && value < 2 ** 31
    if (format === 'int32' ? isIn32 : isWritten64(value)) return undefined
    return format === 'int32' || format === 'int64' ? `integer with format ${format}` : 'integer (default format)'
  }
  return type === 'number' && format === 'float' && !Number.isFinite(Math.fround(Number(value)))
    ? 'number with format float'
    : undefined
}

/** Whether an int64 can be read from the value's digits. */
const isWritten64 = (value: number | bigint): boolean => isInt64(value) || isInt64(numberOf(String(value)))
