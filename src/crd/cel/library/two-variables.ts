import { type Expr, OP } from '../ast.ts'
import type { Library } from '../environment.ts'
import { gather, loopVariables, type Macro, quantifier, receiverMacro } from '../macros.ts'
import { mapOf, typeParam } from '../types.ts'
import { CelError, type CelMap, LiteralMap, mapKey, type Value } from '../values.ts'
import { overload } from './signature.ts'

const MAP_INSERT = 'cel.@mapInsert'
const K = typeParam('K')
const V = typeParam('V')
const mapOfKV = mapOf(K, V)
const COMPLAINT = 'argument must be a simple name'

function inserted(map: CelMap, pairs: readonly (readonly [Value, Value])[]): CelMap {
  const entries = new Map<unknown, readonly [Value, Value]>()
  for (const key of map.keys()) entries.set(mapKey(key), [key, map.get(key) as Value])
  for (const pair of pairs) {
    const key = mapKey(pair[0])
    if (entries.has(key)) throw new CelError(`insert failed: key ${String(key)} already exists`)
    entries.set(key, pair)
  }
  return new LiteralMap(entries)
}

const merged = (map: CelMap, more: CelMap): CelMap =>
  inserted(
    map,
    more.keys().map((key) => [key, more.get(key) as Value] as const),
  )

const filterAndTransform = (args: readonly Expr[]): [Expr | undefined, Expr] =>
  args.length === 4 ? [args[2], args[3] as Expr] : [undefined, args[2] as Expr]

const transformList: Macro = (make, target, args) => {
  const [filter, transform] = filterAndTransform(args)
  const add = make.call(0, OP.add, [make.accu(), make.list(0, [transform])])
  return gather(make, target as Expr, loopVariables(args, 2, COMPLAINT), make.list(0, []), add, filter)
}

const transformMap: Macro = (make, target, args) => {
  const names = loopVariables(args, 2, COMPLAINT)
  const [filter, transform] = filterAndTransform(args)
  const add = make.call(0, MAP_INSERT, [make.accu(), make.ident(0, names.iterVar), transform])
  return gather(make, target as Expr, names, make.map(0, []), add, filter)
}

const transformMapEntry: Macro = (make, target, args) => {
  const [filter, transform] = filterAndTransform(args)
  const add = make.call(0, MAP_INSERT, [make.accu(), transform])
  return gather(make, target as Expr, loopVariables(args, 2, COMPLAINT), make.map(0, []), add, filter)
}

/** Macros over index and value, or key and value. */
export const twoVariables: Library = {
  macros: [
    receiverMacro('all', 3, quantifier('all', 2)),
    receiverMacro('exists', 3, quantifier('exists', 2)),
    receiverMacro('existsOne', 3, quantifier('exists_one', 2)),
    receiverMacro('exists_one', 3, quantifier('exists_one', 2)),
    ...[3, 4].flatMap((args) => [
      receiverMacro('transformList', args, transformList),
      receiverMacro('transformMap', args, transformMap),
      receiverMacro('transformMapEntry', args, transformMapEntry),
    ]),
  ],
  functions: {
    [MAP_INSERT]: [
      overload('cel_@mapInsert_map_key_value', [mapOfKV, K, V], mapOfKV, (map: CelMap, key: Value, value: Value) =>
        inserted(map, [[key, value]]),
      ),
      overload('cel_@mapInsert_map_map', [mapOfKV, mapOfKV], mapOfKV, merged),
    ],
  },
}
