import { type Expr, OP } from '../ast.ts'
import type { Library } from '../environment.ts'
import { type Macro, MacroError, type NodeFactory, receiverMacro } from '../macros.ts'
import { BOOL, DYN, INT, listOf, mapOf, opaqueType, optionalOf, STRING, typeParam } from '../types.ts'
import {
  ArrayList,
  CelDouble,
  CelDuration,
  CelError,
  CelList,
  CelMap,
  CelOptional,
  CelStruct,
  CelUint,
  listItems,
  type Value,
} from '../values.ts'
import { method, overload } from './signature.ts'

const K = typeParam('K')
const V = typeParam('V')
const optionalOfV = optionalOf(V)
const listOfV = listOf(V)
const mapOfKV = mapOf(K, V)

const unreachable = (): never => {
  throw new Error('evaluated by the compiler itself')
}

function isZero(value: Value): boolean {
  if (value === null || value === false || value === 0 || value === '') return true
  if (value instanceof CelUint) return value.value === 0n
  if (value instanceof CelDouble) return value.value === 0
  if (value instanceof CelDuration) return value.nanos === 0n
  if (value instanceof Uint8Array) return value.length === 0
  if (value instanceof CelList || value instanceof CelMap) return value.size === 0
  if (value instanceof CelOptional) return value.value === undefined
  return value instanceof CelStruct && value.fields().length === 0
}

function contentOf(optional: CelOptional): Value {
  if (optional.value === undefined) throw new CelError('optional.none() dereference')
  return optional.value
}

function unwrap(list: CelList): CelList {
  const values: Value[] = []
  for (const item of listItems(list)) {
    if (!(item instanceof CelOptional)) throw new CelError('value is not optional')
    if (item.value !== undefined) values.push(item.value)
  }
  return new ArrayList(values)
}

/** `target.optMap(name, expr)`: expr with the value of the target under a name, if it has one. */
function optionalMacro(title: string, wrap: (make: NodeFactory, result: Expr) => Expr): Macro {
  return (make, target, args) => {
    const [name, result] = args as [Expr, Expr]
    if (name.kind !== 'ident') throw new MacroError(name.pos, `${title}() variable name must be a simple identifier`)
    const named = make.comprehension({
      range: make.list(0, []),
      iterVar: '#unused',
      iterVar2: undefined,
      accuVar: name.name,
      init: make.call(0, 'value', [], make.copy(target as Expr)),
      condition: make.literal(0, false),
      step: make.ident(0, name.name),
      result,
    })
    const hasValue = make.call(0, 'hasValue', [], target)
    return make.call(0, OP.conditional, [hasValue, wrap(make, named), make.call(0, 'optional.none', [])])
  }
}

const some = (value: Value): CelOptional => new CelOptional(value)

/** optional_type and what makes and takes it. */
export const optionals: Library = {
  types: [opaqueType('optional_type', DYN)],
  macros: [
    receiverMacro(
      'optMap',
      2,
      optionalMacro('optMap', (make, result) => make.call(0, 'optional.of', [result])),
    ),
    receiverMacro(
      'optFlatMap',
      2,
      optionalMacro('optFlatMap', (_make, result) => result),
    ),
  ],
  functions: {
    'optional.of': [overload('optional_of', [V], optionalOfV, some)],
    'optional.ofNonZeroValue': [
      overload('optional_ofNonZeroValue', [V], optionalOfV, (value: Value) => (isZero(value) ? CelOptional.none : some(value))),
    ],
    'optional.none': [overload('optional_none', [], optionalOfV, () => CelOptional.none)],
    'optional.unwrap': [overload('optional_unwrap', [listOf(optionalOfV)], listOfV, unwrap)],
    unwrapOpt: [method('optional_unwrapOpt', [listOf(optionalOfV)], listOfV, unwrap)],
    value: [method('optional_value', [optionalOfV], V, contentOf)],
    hasValue: [method('optional_hasValue', [optionalOfV], BOOL, (optional: CelOptional) => optional.value !== undefined)],
    or: [method('optional_or_optional', [optionalOfV, optionalOfV], optionalOfV, unreachable)],
    orValue: [method('optional_orValue_value', [optionalOfV, V], V, unreachable)],
    [OP.optSelect]: [overload('select_optional_field', [DYN, STRING], optionalOfV, unreachable)],
    [OP.optIndex]: [
      overload('list_optindex_optional_int', [listOfV, INT], optionalOfV, unreachable),
      overload('optional_list_optindex_optional_int', [optionalOf(listOfV), INT], optionalOfV, unreachable),
      overload('map_optindex_optional_value', [mapOfKV, K], optionalOfV, unreachable),
      overload('optional_map_optindex_optional_value', [optionalOf(mapOfKV), K], optionalOfV, unreachable),
    ],
    [OP.index]: [
      overload('optional_list_index_int', [optionalOf(listOfV), INT], optionalOfV, unreachable),
      overload('optional_map_index_value', [optionalOf(mapOfKV), K], optionalOfV, unreachable),
    ],
    first: [
      method('list_first', [listOfV], optionalOfV, (list: CelList) => (list.size === 0 ? CelOptional.none : some(list.at(0)))),
    ],
    last: [
      method('list_last', [listOfV], optionalOfV, (list: CelList) =>
        list.size === 0 ? CelOptional.none : some(list.at(list.size - 1)),
      ),
    ],
  },
}
