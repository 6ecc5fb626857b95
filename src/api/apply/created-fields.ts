import { jsonText } from '../../apimachinery/json.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import type { AppliedKind } from './applied-kind.ts'
import type { FieldSet } from './fields/field-set.ts'
import type { Json } from './managers.ts'
import { fieldType } from './typed/descend.ts'
import { itemElement } from './typed/forms.ts'
import { isMap } from './typed/json-value.ts'
import { type Atom, deduced } from './types/atom.ts'

/** So many shapes are remembered for a kind, each of this many letters at most. */
const mostShapes = 200
const mostLetters = 4096

const known = new WeakMap<AppliedKind, Map<string, FieldSet | undefined>>()

/**
 * The fields that the creator of `next` owns, by `find`. They depend on what the object has, hardly on what is in it: controllers create many
 * of one shape, for which `find` is asked once. The set is shared, and so is its JSON.
 */
export function* createdFields(
  kind: AppliedKind,
  atom: Atom | undefined,
  next: Json,
  place: string,
  find: () => Steps<FieldSet | undefined>,
): Steps<FieldSet | undefined> {
  const shape = atom && shapeOf(atom, next, place)
  if (shape === undefined) return yield* find()
  const shapes = known.get(kind) ?? new Map<string, FieldSet | undefined>()
  known.set(kind, shapes)
  if (shapes.has(shape)) return shapes.get(shape)
  const found = yield* find()
  if (shapes.size >= mostShapes) shapes.clear()
  shapes.set(shape, found)
  return found
}

/** A text that is the same for two objects only if the same fields of them are owned when they are created; undefined: too long, or odd. */
export function shapeOf(atom: Atom, value: unknown, start = ''): string | undefined {
  const shape = new Shape(start)
  return shape.add(atom, value) ? shape.text : undefined
}

class Shape {
  text: string

  constructor(start: string) {
    this.text = start
  }

  /** false: it can't be told. */
  add(atom: Atom, value: unknown): boolean {
    if (this.text.length > mostLetters) return false
    if (Array.isArray(value)) return this.#list(atom, value)
    if (isMap(value)) return this.#map(atom, value)
    // Before it was created a field may have had its zero value, which is then not the creator's doing.
    this.text += `${(typeof value)[0]}${isZero(value) ? 0 : 1}`
    return true
  }

  #map({ map }: Atom, value: Json): boolean {
    if (!map) return false
    if (map.atomic) {
      // The zero value of its type is `{}` or has the zero values of some fields: others are not the same though all in them is zero.
      this.text += isZero(value) ? `a${jsonText(value)}` : 'A'
      return true
    }
    this.text += '{'
    for (const key in value) {
      if (value[key] === undefined) continue
      this.text += `${key.length}:${key}`
      if (!this.add(fieldType(map, key)?.atom ?? deduced, value[key])) return false
    }
    this.text += '}'
    return true
  }

  #list({ list }: Atom, value: readonly unknown[]): boolean {
    if (!list) return false
    if (!list.associative) {
      this.text += value.length === 0 ? 'l' : 'L'
      return true
    }
    this.text += '['
    for (const item of value) {
      try {
        const element = itemElement(list, item)
        this.text += `${element.length}:${element}`
      } catch {
        return false
      }
      if (!this.add(list.element.atom, item)) return false
    }
    this.text += ']'
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
