import { FieldSet } from '../fields/field-set.ts'
import { elementText, fieldElement, type PathElement } from '../fields/path-element.ts'
import { type Atom, deduced, type ListAtom, type MapAtom } from '../types/atom.ts'
import { fieldType } from './descend.ts'
import { asList, asMap, type Form, formOf, itemElement, type Problem, resolved, scalarProblem, TypedError } from './forms.ts'
import { isEqual, type JsonMap, memberOf } from './json-value.ts'

/** Which fields a change adds, modifies and removes. */
export interface Comparison {
  readonly added: FieldSet
  readonly modified: FieldSet
  readonly removed: FieldSet
}

/** Compares two values of one type. Throws TypedError when they do not fit it. */
export function compare(atom: Atom, before: unknown, after: unknown): Comparison {
  const run = new Comparing()
  run.node(atom, before, after)
  if (run.problems.length > 0) throw new TypedError(run.problems)
  return run
}

const none: readonly unknown[] = []

/** Whether all are texts of a type that has nothing below it: when they are new, each is just added, however many there are. */
const isScalars = (atom: Atom | undefined, values: readonly unknown[]): boolean =>
  atom !== undefined && !atom.list && !atom.map && values.every((value) => typeof value === 'string')

/** The items of a list by what tells them apart; few are there several times. No item is undefined. */
class Items {
  readonly first = new Map<PathElement, unknown>()
  readonly #repeated = new Map<PathElement, unknown[]>()

  add(element: PathElement, item: unknown): void {
    const first = this.first.get(element)
    if (first === undefined) {
      this.first.set(element, item)
      return
    }
    const same = this.#repeated.get(element)
    if (same) same.push(item)
    else this.#repeated.set(element, [first, item])
  }

  /** All that are `element`, of which `first` is the first. */
  of(element: PathElement, first: unknown): readonly unknown[] {
    if (first === undefined) return none
    return (this.#repeated.size > 0 && this.#repeated.get(element)) || [first]
  }
}

class Comparing implements Comparison {
  readonly added = new FieldSet()
  readonly modified = new FieldSet()
  readonly removed = new FieldSet()
  readonly problems: Problem[] = []
  private readonly path: PathElement[] = []

  /** `undefined` is absent; `null` is a value. */
  node(atom: Atom, before: unknown, after: unknown): void {
    if (before === after) return
    const left = formOf(atom, before)
    const right = formOf(atom, after)
    let wasLeaf: boolean
    if (after === undefined) wasLeaf = this.as(resolved(atom, left), atom, before, after)
    else if (before === undefined || left === right) wasLeaf = this.as(resolved(atom, right), atom, before, after)
    else {
      this.as(resolved(atom, left), atom, before, after)
      wasLeaf = this.as(resolved(atom, right), atom, before, after)
    }
    if (wasLeaf) return
    if (before === undefined) this.added.insert(this.path)
    else if (after === undefined) this.removed.insert(this.path)
  }

  /** Compares in one form; says whether the whole was one leaf. */
  private as(form: Form, atom: Atom, before: unknown, after: unknown): boolean {
    if (form === 'scalar') return this.scalar(atom, before, after)
    return form === 'list' ? this.list(atom.list as ListAtom, before, after) : this.map(atom.map as MapAtom, before, after)
  }

  private leaf(before: unknown, after: unknown): true {
    if (before === undefined) this.added.insert(this.path)
    else if (after === undefined) this.removed.insert(this.path)
    else if (!isEqual(before, after)) this.modified.insert(this.path)
    return true
  }

  private problem(message: string): void {
    this.problems.push({ path: this.path.map(elementText).join(''), message })
  }

  private scalar(atom: Atom, before: unknown, after: unknown): boolean {
    const scalar = atom.scalar ?? 'untyped'
    const left = scalarProblem(scalar, before)
    const right = scalarProblem(scalar, after)
    if (left === undefined || right === undefined) return this.leaf(before, after)
    this.problem(`lhs: ${left}`)
    this.problem(`rhs: ${right}`)
    return false
  }

  private map(map: MapAtom, before: unknown, after: unknown): boolean {
    const left = asMap(before)
    const right = asMap(after)
    const leftKeys = left ? Object.keys(left) : []
    const rightKeys = right ? Object.keys(right) : []
    if (map.atomic || (leftKeys.length === 0 && rightKeys.length === 0)) return this.leaf(before, after)
    if (leftKeys.length === 0 && map.fields.size === 0 && right && isScalars(map.element?.atom, Object.values(right))) {
      const { members } = this.added.level(this.path)
      for (const key of rightKeys) members.add(fieldElement(key))
      return false
    }
    for (const key of leftKeys) this.member(map, key, left, right)
    for (const key of rightKeys) if (!left || !Object.hasOwn(left, key)) this.member(map, key, left, right)
    return false
  }

  private member(map: MapAtom, key: string, left: JsonMap | undefined, right: JsonMap | undefined): void {
    this.path.push(fieldElement(key))
    this.node(fieldType(map, key)?.atom ?? deduced, memberOf(left, key), memberOf(right, key))
    this.path.pop()
  }

  private list(list: ListAtom, before: unknown, after: unknown): boolean {
    const left = asList(before) ?? []
    const right = asList(after) ?? []
    if (!list.associative || (left.length === 0 && right.length === 0)) return this.leaf(before, after)
    if (left.length === 0 && list.keys.length === 0 && isScalars(list.element.atom, right)) {
      const { members } = this.added.level(this.path)
      for (const item of right) members.add(itemElement(list, item))
      return false
    }
    const leftItems = this.itemsByElement(list, left)
    const rightItems = this.itemsByElement(list, right)
    for (const [element, item] of leftItems.first) {
      this.items(list, element, leftItems.of(element, item), rightItems.of(element, rightItems.first.get(element)))
    }
    for (const [element, item] of rightItems.first) {
      if (!leftItems.first.has(element)) this.items(list, element, none, rightItems.of(element, item))
    }
    return false
  }

  private itemsByElement(list: ListAtom, items: readonly unknown[]): Items {
    const found = new Items()
    for (let i = 0; i < items.length; i++) {
      try {
        found.add(itemElement(list, items[i]), items[i])
      } catch (e) {
        this.problem(`element ${i}: ${(e as Error).message}`)
      }
    }
    return found
  }

  /** Items that are there several times are owned as one. */
  private items(list: ListAtom, element: PathElement, left: readonly unknown[], right: readonly unknown[]): void {
    this.path.push(element)
    const atom = list.element.atom
    if (left.length <= 1 && right.length <= 1) this.node(atom, left[0], right[0])
    else if (left.length >= 2 && right.length >= 2) {
      if (!isEqual(left, right)) this.modified.insert(this.path)
    } else if (left.length >= 2) {
      if (right.length > 0) this.node(atom, undefined, right[0])
      this.removed.insert(this.path)
    } else {
      if (left.length > 0) this.node(atom, left[0], undefined)
      this.added.insert(this.path)
    }
    this.path.pop()
  }
}
