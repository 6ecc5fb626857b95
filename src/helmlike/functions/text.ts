// Conversions that several families share: how Sprig turns values into text.
import { fromBytes } from '../gotemplate/bytes.ts'
import { formatValue } from '../gotemplate/format.ts'
import { FunctionError } from '../gotemplate/run.ts'
import { isList, kindName, type List, type Value } from '../gotemplate/value.ts'

/** Sprig's strval. */
export function textOf(v: Value): string {
  if (typeof v === 'string') return v
  return v instanceof Uint8Array ? fromBytes(v) : formatValue(v)
}

/** Sprig's strslice: the texts of a list's elements that are not nil, or of the value itself. */
export function textsOf(v: Value): string[] {
  if (isList(v)) return v.filter((x) => x !== null && x !== undefined).map(textOf)
  if (v instanceof Uint8Array) return [...v].map(String)
  return v === null || v === undefined ? [] : [textOf(v)]
}

export const NIL_POINTER = 'runtime error: invalid memory address or nil pointer dereference'

/** The elements of a list argument; `what` is Sprig's complaint about anything else. */
export function elementsOf(v: Value, what: string): List {
  if (isList(v)) return v
  if (v instanceof Uint8Array) return [...v].map((b) => b)
  if (v === null || v === undefined) throw new FunctionError(NIL_POINTER)
  throw new FunctionError(`${what} ${kindName(v)}`)
}
