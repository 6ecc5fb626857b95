import {
  addQuantities,
  compareQuantities,
  parseQuantity,
  type Quantity,
  QuantityError,
  quantityOf,
  quantityProblem,
  signOf,
  subtractQuantities,
} from '../../../apimachinery/quantity.ts'
import type { Library } from '../environment.ts'
import { isIntInRange, toInt } from '../numbers.ts'
import { BOOL, DOUBLE, INT, STRING, structType } from '../types.ts'
import { CelDouble, CelError, type CelInt, CelOpaque } from '../values.ts'
import { traversal } from './costs.ts'
import { method, overload } from './signature.ts'

const QUANTITY = structType('kubernetes.Quantity')

class CelQuantity extends CelOpaque {
  readonly type = QUANTITY
  readonly quantity: Quantity
  constructor(quantity: Quantity) {
    super()
    this.quantity = quantity
  }
  equals(other: CelOpaque): boolean {
    return compareQuantities(this.quantity, (other as CelQuantity).quantity) === 0
  }
}

function toQuantity(text: string): CelQuantity {
  try {
    return new CelQuantity(parseQuantity(text))
  } catch (error) {
    if (error instanceof QuantityError) throw new CelError(error.message)
    throw error
  }
}

/** The value as a 64-bit integer; undefined when it is none. */
function integerOf({ quantity }: CelQuantity): bigint | undefined {
  const { unscaled, scale } = quantity
  if (scale > 20) return unscaled === 0n ? 0n : undefined
  const unit = 10n ** BigInt(Math.abs(scale))
  if (scale < 0 && unscaled % unit !== 0n) return undefined
  const value = scale < 0 ? unscaled / unit : unscaled * unit
  return isIntInRange(value) ? value : undefined
}

function asInteger(quantity: CelQuantity): CelInt {
  const value = integerOf(quantity)
  if (value === undefined) throw new CelError('cannot convert value to integer')
  return toInt(value)
}

const order = (a: CelQuantity, b: CelQuantity): number => compareQuantities(a.quantity, b.quantity)
const ofInt = (value: CelInt): Quantity => quantityOf(value, 0, 'DecimalExponent')

/** Kubernetes' quantities: '1.5Gi', '100m'. */
export const quantity: Library = {
  types: [QUANTITY],
  functions: {
    quantity: [overload('string_to_quantity', [STRING], QUANTITY, toQuantity, traversal(0))],
    isQuantity: [
      overload('is_quantity_string', [STRING], BOOL, (text: string) => quantityProblem(text) === undefined, traversal(0)),
    ],
    // Not a method: so Kubernetes declares it.
    sign: [overload('quantity_sign', [QUANTITY], INT, (value: CelQuantity) => signOf(value.quantity))],
    isGreaterThan: [
      method('quantity_is_greater_than', [QUANTITY, QUANTITY], BOOL, (a: CelQuantity, b: CelQuantity) => order(a, b) > 0),
    ],
    isLessThan: [
      method('quantity_is_less_than', [QUANTITY, QUANTITY], BOOL, (a: CelQuantity, b: CelQuantity) => order(a, b) < 0),
    ],
    compareTo: [method('quantity_compare_to', [QUANTITY, QUANTITY], INT, order)],
    asApproximateFloat: [
      method('quantity_get_float', [QUANTITY], DOUBLE, ({ quantity }: CelQuantity) => {
        return new CelDouble(Number(`${quantity.unscaled}e${quantity.scale}`))
      }),
    ],
    asInteger: [method('quantity_get_int', [QUANTITY], INT, asInteger)],
    isInteger: [method('quantity_is_integer', [QUANTITY], BOOL, (value: CelQuantity) => integerOf(value) !== undefined)],
    add: [
      method('quantity_add', [QUANTITY, QUANTITY], QUANTITY, (a: CelQuantity, b: CelQuantity) => {
        return new CelQuantity(addQuantities(a.quantity, b.quantity))
      }),
      method('quantity_add_int', [QUANTITY, INT], QUANTITY, (a: CelQuantity, b: CelInt) => {
        return new CelQuantity(addQuantities(a.quantity, ofInt(b)))
      }),
    ],
    sub: [
      method('quantity_sub', [QUANTITY, QUANTITY], QUANTITY, (a: CelQuantity, b: CelQuantity) => {
        return new CelQuantity(subtractQuantities(a.quantity, b.quantity))
      }),
      method('quantity_sub_int', [QUANTITY, INT], QUANTITY, (a: CelQuantity, b: CelInt) => {
        return new CelQuantity(subtractQuantities(a.quantity, ofInt(b)))
      }),
    ],
  },
}
