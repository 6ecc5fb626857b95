// `.name` on a value: a method, a field of a struct or a key of a map.
import type { Run } from './run.ts'
import { type GoFunction, GoStruct, Int, type MethodTable, methodsOfList, TypedMap, typeName, type Value } from './value.ts'

/** The method `name` of a value, if it has one. */
export function methodOf(receiver: Value, name: string): GoFunction | undefined {
  let methods: MethodTable | undefined
  if (receiver instanceof TypedMap || receiver instanceof GoStruct || receiver instanceof Int) methods = receiver.methods
  else if (Array.isArray(receiver)) methods = methodsOfList(receiver)
  return methods !== undefined && Object.hasOwn(methods, name) ? methods[name] : undefined
}

/** The value of a key or field. `asInterface`: the receiver was found in a map or list, so that errors call it `interface {}`. */
export function fieldOf(run: Run, receiver: Value, name: string, asInterface: boolean): Value {
  if (receiver instanceof Map) {
    const v = receiver.get(name)
    if (v !== undefined) return v
    if (run.shared.strict) run.fail(`map has no entry for key "${name}"`)
    return receiver instanceof TypedMap ? zeroOf(receiver.type) : null
  }
  if (receiver === undefined) {
    if (run.shared.strict) run.fail(`nil data; no entry for key "${name}"`)
    return undefined
  }
  if (receiver === null) return run.fail(`nil pointer evaluating interface {}.${name}`)
  if (receiver instanceof GoStruct) {
    const v = receiver.fields.get(name)
    if (v !== undefined) return v
  }
  return run.fail(`can't evaluate field ${name} in type ${asInterface ? 'interface {}' : typeName(receiver)}`)
}

/** The zero value of a map type's elements. */
export function zeroOf(mapType: string): Value {
  if (mapType.endsWith(']string')) return ''
  return mapType === 'engine.files' ? new Uint8Array() : null
}
