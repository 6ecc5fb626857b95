import { goTypeOf } from '../../../apimachinery/go-type.ts'
import { goText } from '../../../apimachinery/go-value.ts'
import { jsonText } from '../../../apimachinery/json.ts'
import { numberText } from '../../../apimachinery/number-text.ts'
import { keyElement, type PathElement, valueElement } from '../fields/path-element.ts'
import type { Atom, ListAtom, ScalarName } from '../types/atom.ts'
import { isMap, type JsonMap } from './json-value.ts'

/** A value that does not fit its type, as structured-merge-diff words it. */
export class TypedError extends Error {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    const texts = problems.map(({ path, message }) => (path ? `${path}: ${message}` : message))
    super(texts.length === 1 ? texts[0] : ['errors:', ...texts.map((text) => `  ${text}`)].join('\n'))
    this.problems = problems
  }
}

export interface Problem {
  readonly path: string
  readonly message: string
}

export type Form = 'map' | 'scalar' | 'list'

/** The form in which a value of `atom` is handled. A value of a kind that the type does not have is handled as what the type has. */
export function formOf(atom: Atom, value: unknown): Form | 'any' {
  if (!hasOneForm(atom) && value !== undefined && value !== null) {
    if (Array.isArray(value)) {
      if (atom.list) return 'list'
    } else if (typeof value === 'object') {
      if (atom.map) return 'map'
    } else if (atom.scalar) return 'scalar'
  }
  return hasOneForm(atom) ? firstForm(atom) : 'any'
}

const hasOneForm = (atom: Atom): boolean => (atom.map ? !atom.scalar && !atom.list : !atom.scalar || !atom.list)

/** What a value that says nothing itself counts as. */
export function firstForm(atom: Atom): Form {
  if (atom.map) return 'map'
  return atom.scalar ? 'scalar' : 'list'
}

export const resolved = (atom: Atom, form: Form | 'any'): Form => (form === 'any' ? firstForm(atom) : form)

export const asList = (value: unknown): readonly unknown[] | undefined => (Array.isArray(value) ? value : undefined)
export const asMap = (value: unknown): JsonMap | undefined => (isMap(value) ? value : undefined)

/** What is wrong with `value` as a scalar, or undefined. Null and absent values fit. */
export function scalarProblem(scalar: ScalarName, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  switch (scalar) {
    case 'numeric':
      return typeof value === 'number' || typeof value === 'bigint'
        ? undefined
        : `expected numeric (int or float), got ${goTypeOf(value)}`
    case 'string':
      return typeof value === 'string' ? undefined : `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `expected boolean, got ${goPointer(value)}`
    default:
      return typeof value === 'object' ? `expected any scalar, got ${goPointer(value)}` : undefined
  }
}

function goSyntax(value: unknown): string {
  if (value === null) return 'interface {}(nil)'
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`
  if (typeof value === 'number') return numberText(value)
  if (!isMap(value)) return jsonText(value)
  const keys = Object.keys(value).sort()
  return `map[string]interface {}{${keys.map((key) => `${JSON.stringify(key)}:${goSyntax(value[key])}`).join(', ')}}`
}

/** `&{…}`, as Go's %v shows a boxed value. */
export const goPointer = (value: unknown): string => `&{${goText(value)}}`

/** What tells an item of an associative list from the others. Throws an Error when nothing does. */
export function itemElement(list: ListAtom, item: unknown): PathElement {
  if (!list.associative) throw new Error('invalid indexing of non-associative list')
  if (list.keys.length > 0) return keyedElement(list, item)
  if (Array.isArray(item)) throw new Error('not supported: associative list with lists as elements')
  if (item === null || item === undefined) throw new Error("associative list without keys has an element that's an explicit null")
  if (typeof item === 'object') throw new Error("associative list without keys has an element that's a map type")
  return valueElement(item)
}

function keyedElement(list: ListAtom, item: unknown): PathElement {
  if (item === null || item === undefined) throw new Error('associative list with keys may not have a null element')
  if (!isMap(item)) throw new Error('associative list with keys may not have non-map elements')
  const keys: (readonly [string, unknown])[] = []
  for (const name of list.keys) {
    const given = keyValue(list, item, name)
    if (given !== undefined) keys.push([name, given])
  }
  if (keys.length > 0) return keyElement(keys)
  const names = `[${list.keys.map((name) => JSON.stringify(name)).join(' ')}]`
  throw new Error(
    `associative list with keys has an element that omits all key fields ${names} (and doesn't have default values for any key fields)`,
  )
}

/** What `item` has for one of the list's keys; its default when it does not say. */
export const keyValue = (list: ListAtom, item: JsonMap, name: string): unknown =>
  Object.hasOwn(item, name) ? item[name] : defaultOf(list, name)

function defaultOf(list: ListAtom, name: string): unknown {
  const { map } = list.element.atom
  if (!map) throw new Error(`couldn't find default value for ${name}: associative list may not have non-map types`)
  return map.fields.get(name)?.default
}
