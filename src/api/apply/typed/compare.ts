import { sameJson, sameJsonWithin } from '../../../apimachinery/same-json.ts'
import { atOnce, type Steps } from '../../../apimachinery/steps.ts'
import { FieldSet } from '../fields/field-set.ts'
import { elementText, fieldElement, type PathElement } from '../fields/path-element.ts'
import { type Atom, deduced, type ListAtom, type MapAtom } from '../types/atom.ts'
import { fieldType } from './descend.ts'
import { asList, asMap, type Form, formOf, itemElement, type Problem, resolved, scalarProblem, TypedError } from './forms.ts'
import { type JsonMap, memberOf } from './json-value.ts'

/** Which fields a change adds, modifies and removes. */
export interface Comparison {
  readonly added: FieldSet
  readonly modified: FieldSet
  readonly removed: FieldSet
}

/** Compares two values of one type. Throws TypedError when they do not fit it. */
export const compare = (atom: Atom, before: unknown, after: unknown): Comparison =>
  atOnce(compareSteps(atom, before, after, false))

/** As `compare`; large lists and maps take several steps. `fit`: they are known to fit, and are not looked at where they are the same. */
export function* compareSteps(atom: Atom, before: unknown, after: unknown, fit: boolean): Steps<Comparison> {
  const run = new Comparing(fit)
  run.node(atom, before, after)
  yield* run.rest()
  if (run.problems.length > 0) throw new TypedError(run.problems)
  return run
}

const none: readonly unknown[] = []
/** So many members or items are compared in one step. */
const stepSize = 1000
/** Parts of an object that are the same are found at this depth, `spec` and `spec.containers`, when they have no more values than so many in them. */
const partDepth = 2
const partValues = 2000

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
  private readonly fit: boolean
  private readonly path: PathElement[] = []
  /** Parts of large levels that wait: it is all the same in which order fields are found. */
  private readonly later: (() => void)[] = []

  constructor(fit: boolean) {
    this.fit = fit
  }

  /** Runs `part` later, for so many in several parts, each on the path where this was called. */
  private inParts(count: number, part: (from: number, to: number) => void): void {
    const path = [...this.path]
    for (let from = 0; from < count; from += stepSize) {
      this.later.push(() => {
        this.path.splice(0, this.path.length, ...path)
        part(from, Math.min(count, from + stepSize))
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
    if (before === after || this.isSamePart(before, after)) return
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

  /** To walk through a part by its type takes ten times as long as to see that it is the same; most changes touch one part. */
  private isSamePart(before: unknown, after: unknown): boolean {
    const { length } = this.path
    return (
      this.fit && length > 0 && length <= partDepth && typeof before === 'object' && sameJsonWithin(before, after, partValues)
    )
  }

  /** Compares in one form; says whether the whole was one leaf. */
  private as(form: Form, atom: Atom, before: unknown, after: unknown): boolean {
    if (form === 'scalar') return this.scalar(atom, before, after)
    return form === 'list' ? this.list(atom.list as ListAtom, before, after) : this.map(atom.map as MapAtom, before, after)
  }

  private leaf(before: unknown, after: unknown): true {
    if (before === undefined) this.added.insert(this.path)
    else if (after === undefined) this.removed.insert(this.path)
    else if (!sameJson(before, after)) this.modified.insert(this.path)
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
    if (leftKeys.length + rightKeys.length <= stepSize) this.members(map, left, right, leftKeys, rightKeys)
    else this.manyMembers(map, left, right, leftKeys, rightKeys)
    return false
  }

  private members(
    map: MapAtom,
    left: JsonMap | undefined,
    right: JsonMap | undefined,
    leftKeys: readonly string[],
    rightKeys: readonly string[],
  ): void {
    for (const key of leftKeys) this.member(map, key, left, right)
    for (const key of rightKeys) if (!left || !Object.hasOwn(left, key)) this.member(map, key, left, right)
  }

  private manyMembers(map: MapAtom, left: JsonMap | undefined, right: JsonMap | undefined, ...keys: string[][]): void {
    const [leftKeys = [], rightKeys = []] = keys
    // Texts of a new map without declared fields are each just added.
    const areLeaves = leftKeys.length === 0 && map.fields.size === 0 && hasOnlyScalars(map.element?.atom)
    const members = areLeaves ? this.added.level(this.path).members : undefined
    this.inParts(leftKeys.length, (from, to) => this.members(map, left, right, leftKeys.slice(from, to), []))
    this.inParts(rightKeys.length, (from, to) => {
      for (const key of rightKeys.slice(from, to)) {
        if (members && typeof right?.[key] === 'string') members.add(fieldElement(key))
        else if (!left || !Object.hasOwn(left, key)) this.member(map, key, left, right)
      }
    })
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
    const leftItems = new Items()
    const rightItems = new Items()
    if (left.length + right.length <= stepSize) {
      this.index(list, left, leftItems, 0, left.length)
      this.index(list, right, rightItems, 0, right.length)
      this.itemsOf(list, leftItems, rightItems, leftItems.first, rightItems.first)
      return false
    }
    this.inParts(left.length, (from, to) => this.index(list, left, leftItems, from, to))
    this.inParts(right.length, (from, to) => this.index(list, right, rightItems, from, to))
    // After the items were found, which waits too.
    this.inParts(1, () => {
      const before = [...leftItems.first]
      const after = [...rightItems.first]
      this.inParts(before.length, (from, to) => this.itemsOf(list, leftItems, rightItems, before.slice(from, to), []))
      this.inParts(after.length, (from, to) => this.itemsOf(list, leftItems, rightItems, [], after.slice(from, to)))
    })
    return false
  }

  private itemsOf(
    list: ListAtom,
    left: Items,
    right: Items,
    before: Iterable<[PathElement, unknown]>,
    after: Iterable<[PathElement, unknown]>,
  ): void {
    for (const [element, item] of before) {
      this.items(list, element, left.of(element, item), right.of(element, right.first.get(element)))
    }
    for (const [element, item] of after) {
      if (!left.first.has(element)) this.items(list, element, none, right.of(element, item))
    }
  }

  private index(list: ListAtom, items: readonly unknown[], found: Items, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      try {
        found.add(itemElement(list, items[i]), items[i])
      } catch (e) {
        this.problem(`element ${i}: ${(e as Error).message}`)
      }
    }
  }

  /** Items that are there several times are owned as one. */
  private items(list: ListAtom, element: PathElement, left: readonly unknown[], right: readonly unknown[]): void {
    this.path.push(element)
    const atom = list.element.atom
    if (left.length <= 1 && right.length <= 1) this.node(atom, left[0], right[0])
    else if (left.length >= 2 && right.length >= 2) {
      if (!sameJson(left, right)) this.modified.insert(this.path)
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
