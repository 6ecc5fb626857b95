import { jsonText } from '../../apimachinery/json.ts'
import { fieldType } from './typed/descend.ts'
import { keyValue } from './typed/forms.ts'
import { isMap, type JsonMap } from './typed/json-value.ts'
import { type Atom, deduced, type ListAtom } from './types/atom.ts'

/** Of an object: an object of more has no shape. */
const mostTokens = 500
/** Of all shapes together: past it they are forgotten. */
const mostNodes = 20_000

/** What a shape is spelled in: keys and key values of the object as they are, and these. */
type Token = string | number | bigint | boolean | symbol
const map = { begins: Symbol('{'), ends: Symbol('}'), atomic: Symbol('A'), zeros: Symbol('a') }
const list = { begins: Symbol('['), ends: Symbol(']'), atomic: Symbol('L'), empty: Symbol('l') }
const absent = Symbol('absent')
const scalars: Readonly<Record<string, { readonly zero: symbol; readonly other: symbol }>> = Object.fromEntries(
  ['string', 'number', 'bigint', 'boolean', 'object', 'undefined'].map((type) => [
    type,
    { zero: Symbol(`${type} zero`), other: Symbol(type) },
  ]),
)

/** A place in the tree of all shapes. Most have one way on, which is kept without a map. */
interface Node<T> {
  token: Token | undefined
  next: Node<T> | undefined
  others: Map<Token, Node<T>> | undefined
  /** What is kept for the shape that ends here. */
  kept: { readonly value: T } | undefined
}

const node = <T>(): Node<T> => ({ token: undefined, next: undefined, others: undefined, kept: undefined })
const after = <T>(from: Node<T>, token: Token): Node<T> | undefined =>
  from.token === token ? from.next : from.others?.get(token)

/** Something for each shape of the objects of a kind. Two objects have one shape only if the same fields of them are owned when they are created. */
export class Shapes<T> {
  #root: Node<T> = node()
  #nodes = 0

  /** The shape of `value`; undefined: it is too long, or cannot be told. */
  of(atom: Atom, value: unknown, start = ''): Shape<T> | undefined {
    const shape = new Shape(this.#root)
    shape.spell(start)
    return shape.add(atom, value) ? shape : undefined
  }

  keep(shape: Shape<T>, value: T): void {
    let at = shape.known
    for (const token of shape.rest) {
      let next = after(at, token)
      if (!next) {
        next = node()
        if (at.next) {
          at.others ??= new Map()
          at.others.set(token, next)
        } else {
          at.token = token
          at.next = next
        }
        this.#nodes++
      }
      at = next
    }
    at.kept = { value }
    if (this.#nodes <= mostNodes) return
    this.#root = node()
    this.#nodes = 0
  }
}

/** A walk down the tree by what an object has: nothing of it is copied while the tree knows it. */
class Shape<T> {
  /** The last place that the tree has. */
  known: Node<T>
  /** What follows it. */
  readonly rest: Token[] = []
  #left = mostTokens

  constructor(root: Node<T>) {
    this.known = root
  }

  /** What is kept for this shape. */
  get kept(): { readonly value: T } | undefined {
    return this.rest.length === 0 ? this.known.kept : undefined
  }

  spell(token: Token): void {
    this.#left--
    const next = this.rest.length === 0 ? after(this.known, token) : undefined
    if (next) this.known = next
    else this.rest.push(token)
  }

  /** false: it can't be told. */
  add(atom: Atom, value: unknown): boolean {
    if (this.#left < 0) return false
    if (Array.isArray(value)) return this.#list(atom, value)
    if (isMap(value)) return this.#map(atom, value)
    // Before it was created a field may have had its zero value, which is then not the creator's doing.
    const scalar = scalars[typeof value]
    if (!scalar) return false
    this.spell(isZero(value) ? scalar.zero : scalar.other)
    return true
  }

  #map({ map: type }: Atom, value: JsonMap): boolean {
    if (!type) return false
    if (type.atomic) {
      const isZeros = isZero(value)
      this.spell(isZeros ? map.zeros : map.atomic)
      // The zero value of its type is `{}` or has the zero values of some fields: others are not the same though all in them is zero.
      if (isZeros) this.spell(jsonText(value))
      return true
    }
    this.spell(map.begins)
    for (const key in value) {
      if (value[key] === undefined) continue
      this.spell(key)
      if (!this.add(fieldType(type, key)?.atom ?? deduced, value[key])) return false
    }
    this.spell(map.ends)
    return true
  }

  #list({ list: type }: Atom, value: readonly unknown[]): boolean {
    if (!type) return false
    if (!type.associative) {
      this.spell(value.length === 0 ? list.empty : list.atomic)
      return true
    }
    this.spell(list.begins)
    for (const item of value) if (!this.#key(type, item) || !this.add(type.element.atom, item)) return false
    this.spell(list.ends)
    return true
  }

  /** What tells an item of an associative list from the others. */
  #key(type: ListAtom, item: unknown): boolean {
    if (type.keys.length === 0) return this.#value(item)
    if (!isMap(item) || !type.element.atom.map) return false
    let isTold = false
    for (const name of type.keys) {
      const value = keyValue(type, item, name)
      if (value === undefined) this.spell(absent)
      else if (!this.#value(value)) return false
      else isTold = true
    }
    return isTold
  }

  #value(value: unknown): boolean {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean' && typeof value !== 'bigint')
      return false
    this.spell(value)
    return true
  }
}

function isZero(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0
  if (isMap(value)) {
    for (const key in value) if (!isZero(value[key])) return false
    return true
  }
  return value === '' || value === 0 || value === false || value === null || value === undefined
}
