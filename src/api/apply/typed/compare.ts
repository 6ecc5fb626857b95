import { atOnce, type Steps } from '../../../apimachinery/steps.ts'
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
export const compare = (atom: Atom, before: unknown, after: unknown): Comparison => atOnce(compareSteps(atom, before, after))

/** As `compare`; large lists and maps take several steps. */
export function* compareSteps(atom: Atom, before: unknown, after: unknown): Steps<Comparison> {
  const run = new Comparing()
  run.node(atom, before, after)
  yield* run.rest()
  if (run.problems.length > 0) throw new TypedError(run.problems)
  return run
}

const none: readonly unknown[] = []
/** So many members or items are compared in one step. */
const stepSize = 1000

const hasOnlyScalars = (atom: Atom | undefined): boolean => atom !== undefined && !atom.list && !atom.map

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
  /** Parts of large levels that wait: it is all the same in which order fields are found. */
  private readonly later: (() => void)[] = []

  /** Runs `each` for the numbers below `count`, on the path where this was called: now, or when they are many, later and in parts. */
  private times(count: number, each: (i: number) => void): void {
    if (count <= stepSize) {
      for (let i = 0; i < count; i++) each(i)
      return
    }
    const path = [...this.path]
    for (let from = 0; from < count; from += stepSize) {
      this.later.push(() => {
        this.path.splice(0, this.path.length, ...path)
        for (let i = from; i < Math.min(count, from + stepSize); i++) each(i)
      })
    }
  }

  /** What waits. */
  *rest(): Steps<void> {
    for (let next = this.later.shift(); next; next = this.later.shift()) {
      yield
      next()
    }
  }

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
    if (leftKeys.length === 0 && map.fields.size === 0 && right && hasOnlyScalars(map.element?.atom)) {
      const { members } = this.added.level(this.path)
      this.times(rightKeys.length, (i) => {
        const key = rightKeys[i] as string
        if (typeof right[key] === 'string') members.add(fieldElement(key))
        else this.member(map, key, undefined, right)
      })
      return false
    }
    this.times(leftKeys.length, (i) => this.member(map, leftKeys[i] as string, left, right))
    this.times(rightKeys.length, (i) => {
      const key = rightKeys[i] as string
      if (!left || !Object.hasOwn(left, key)) this.member(map, key, left, right)
    })
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
    const leftItems = this.itemsByElement(list, left)
    const rightItems = this.itemsByElement(list, right)
    if (left.length + right.length <= stepSize) this.itemsOf(list, leftItems, rightItems)
    else {
      const path = [...this.path]
      // After the items were found, which waits too.
      this.later.push(() => {
        this.path.splice(0, this.path.length, ...path)
        this.itemsOf(list, leftItems, rightItems)
      })
    }
    return false
  }

  private itemsOf(list: ListAtom, left: Items, right: Items): void {
    const before = [...left.first]
    const after = [...right.first]
    this.times(before.length, (i) => {
      const [element, item] = before[i] as (typeof before)[number]
      this.items(list, element, left.of(element, item), right.of(element, right.first.get(element)))
    })
    this.times(after.length, (i) => {
      const [element, item] = after[i] as (typeof after)[number]
      if (!left.first.has(element)) this.items(list, element, none, right.of(element, item))
    })
  }

  private itemsByElement(list: ListAtom, items: readonly unknown[]): Items {
    const found = new Items()
    this.times(items.length, (i) => {
      try {
        found.add(itemElement(list, items[i]), items[i])
      } catch (e) {
        this.problem(`element ${i}: ${(e as Error).message}`)
      }
    })
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
