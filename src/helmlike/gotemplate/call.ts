// Calling functions and methods from templates: argument counts, types and conversions as Go's reflection has them.

import { FamilyMissing, goTypeName } from './function-table.ts'
import type { Node } from './nodes.ts'
import { print } from './nodes.ts'
import { ExecError, FunctionError, Interrupt, LimitError, type Run } from './run.ts'
import { GoStruct, Int, isList, TypedMap, typeInError, typeName, type Value } from './value.ts'

const NILABLE = new Set(['any', 'map', 'list', 'value', '[]string', '[]byte'])

/** The value, checked for a parameter of type `type`. Fails the run where Go's validateType does. */
export function validate(run: Run, v: Value, type: string): Value {
  switch (type) {
    case 'any':
      return v === undefined ? null : v
    case 'value':
      return v
    case 'string':
      if (typeof v === 'string') return v
      break
    case 'map':
      if (v instanceof TypedMap) {
        if (isAssignable(v)) return v.assigned
      } else if (v instanceof Map) return v
      break
    case 'int':
      if (v instanceof Int && v.type === 'int') return v
      break
    case 'bool':
      if (typeof v === 'boolean') return v
      break
    case 'float64':
      if (typeof v === 'number') return v
      break
    default:
      if (matches(v, type)) return v
  }
  if (v === undefined) return nilOf(run, type)
  return run.fail(`wrong type for value; expected ${goTypeName(type)}; got ${typeInError(v)}`)
}

/** Go assigns a map of a named type to `map[string]interface {}`, but none whose elements are of another type. */
function isAssignable(v: TypedMap): boolean {
  return v.type === 'common.Values' || v.type === 'map[string]interface {}'
}

function matches(v: Value, type: string): boolean {
  if (type === 'list') return isList(v) && typeName(v) === '[]interface {}'
  if (type === 'time' || type === 'cert') return v instanceof GoStruct && v.type === goTypeName(type)
  return v !== undefined && v !== null && typeName(v) === type
}

function nilOf(run: Run, type: string): Value {
  if (!NILABLE.has(type)) run.fail(`invalid value; expected ${goTypeName(type)}`)
  return type === 'map' ? new Map() : type === 'list' || type === '[]string' ? [] : null
}

/** A constant as an argument of type `type`; undefined where the node is no constant. */
export function constantFor(node: Node, type: string): { value: Value } | { error: string } | undefined {
  if (node.kind === 'nil')
    return NILABLE.has(type)
      ? { value: type === 'map' ? new Map() : type === 'value' ? undefined : null }
      : { error: `cannot assign nil to ${goTypeName(type)}` }
  if (node.kind !== 'bool' && node.kind !== 'string' && node.kind !== 'number') return undefined
  switch (type) {
    case 'any':
    case 'value':
      return node.kind === 'number' ? undefined : { value: node.kind === 'bool' ? node.value : node.text }
    case 'string':
      return node.kind === 'string' ? { value: node.text } : { error: `expected string; found ${print(node)}` }
    case 'bool':
      return node.kind === 'bool' ? { value: node.value } : { error: `expected bool; found ${print(node)}` }
    case 'int':
      return node.kind === 'number' && node.int !== undefined
        ? { value: new Int(node.int) }
        : { error: `expected integer; found ${print(node)}` }
    case 'uint32':
      return node.kind === 'number' && node.uint !== undefined
        ? { value: new Int(node.uint, 'uint32') }
        : { error: `expected unsigned integer; found ${print(node)}` }
    case 'float64':
      return node.kind === 'number' && node.float !== undefined
        ? { value: node.float }
        : { error: `expected float; found ${print(node)}` }
    default:
      return { error: `can't handle ${print(node)} for arg of type ${goTypeName(type)}` }
  }
}

/** What is wrong with the number of arguments, if anything. `written` are those in the command, `all` with the piped one. */
export function wrongCount(name: string, params: number, variadic: boolean, written: number, all: number): string | undefined {
  if (variadic)
    return all < params - 1 ? `wrong number of args for ${name}: want at least ${params - 1} got ${written}` : undefined
  return all === params ? undefined : `wrong number of args for ${name}: want ${params} got ${all}`
}

/** Turns what a function threw into the run's error `error calling NAME: …`. */
export function callFailed(run: Run, node: Node, name: string, error: unknown): never {
  if (error instanceof FamilyMissing || error instanceof LimitError || error instanceof Interrupt) throw error
  const overflow = stackOverflow(error)
  if (overflow !== undefined) throw new LimitError(`${run.where()}: ${overflow}`)
  const known = error instanceof ExecError || error instanceof FunctionError
  if (!known && !(error instanceof Error)) throw error
  run.node = node
  return run.fail(`error calling ${name}: ${(error as Error).message}`, error)
}

/** What a JavaScript error says about the engine's own limits; the regular expression compiler, too, runs out of stack. */
export function stackOverflow(error: unknown): string | undefined {
  if (error instanceof ExecError || error instanceof FunctionError || !(error instanceof Error)) return undefined
  if (/call stack|stack overflow/i.test(error.message)) return 'templates call each other too deeply'
  return error instanceof RangeError ? error.message : undefined
}
