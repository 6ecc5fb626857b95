import { setMember } from '../../../apimachinery/members.ts'
import { sameJson } from '../../../apimachinery/same-json.ts'
import { atOnce, type Steps } from '../../../apimachinery/steps.ts'
import { elementText, fieldElement, type PathElement } from '../fields/path-element.ts'
import { type Atom, deduced, type ListAtom, type MapAtom } from '../types/atom.ts'
import { fieldType } from './descend.ts'
import { asList, asMap, formOf, itemElement, type Problem, resolved, scalarProblem, TypedError } from './forms.ts'
import { type JsonMap, memberOf } from './json-value.ts'

/** `live` with `applied` merged into it: what is applied wins, associative lists and maps are merged item by item. Throws TypedError. */
export const merge = (atom: Atom, live: unknown, applied: unknown): unknown => atOnce(mergeSteps(atom, live, applied))

/** So many members or items are merged in one step. */
const stepSize = 500

/** As `merge`, in steps. */
export function* mergeSteps(atom: Atom, live: unknown, applied: unknown): Steps<unknown> {
  const run = new Merging()
  const result = yield* run.node(atom, live, applied)
  if (run.problems.length > 0) throw new TypedError(run.problems)
  return result
}

/** What is equal stays the live value, so that whoever compares afterwards sees at once that nothing changed. */
const leaf = (live: unknown, applied: unknown): unknown => (sameJson(live, applied) ? live : applied)

class Merging {
  readonly problems: Problem[] = []
  private readonly path: PathElement[] = []
  private done = 0

  private problem(message: string): void {
    this.problems.push({ path: this.path.map(elementText).join(''), message })
  }

  /** Undefined when nothing is left to write. */
  *node(atom: Atom, live: unknown, applied: unknown): Steps<unknown> {
    if (applied === undefined) return live
    if (live === undefined) return applied
    switch (resolved(atom, formOf(atom, applied))) {
      case 'scalar':
        return this.scalar(atom, live, applied)
      case 'list':
        return yield* this.list(atom.list as ListAtom, live, applied)
      case 'map':
        return yield* this.map(atom.map as MapAtom, live, applied)
    }
  }

  private scalar(atom: Atom, live: unknown, applied: unknown): unknown {
    const scalar = atom.scalar ?? 'untyped'
    const left = scalarProblem(scalar, live)
    const right = scalarProblem(scalar, applied)
    if (left !== undefined && right !== undefined) {
      this.problem(`lhs: ${left}`)
      this.problem(`rhs: ${right}`)
    }
    return leaf(live, applied)
  }

  private *at(element: PathElement, atom: Atom, live: unknown, applied: unknown): Steps<unknown> {
    if (++this.done % stepSize === 0) yield
    this.path.push(element)
    const value = yield* this.node(atom, live, applied)
    this.path.pop()
    return value
  }

  private *map(map: MapAtom, live: unknown, applied: unknown): Steps<unknown> {
    const left = asMap(live)
    const right = asMap(applied)
    const leftKeys = left ? Object.keys(left) : []
    const rightKeys = right ? Object.keys(right) : []
    if (map.atomic || (leftKeys.length === 0 && rightKeys.length === 0)) return leaf(live, applied)
    const keys = left ? [...leftKeys, ...rightKeys.filter((key) => !Object.hasOwn(left, key))] : rightKeys
    const merged: JsonMap = {}
    let count = 0
    let isLeft = left !== undefined
    for (const key of keys) {
      const [before, now] = [memberOf(left, key), memberOf(right, key)]
      // Most are on one side only.
      const isMerged = before !== undefined && now !== undefined
      const value = isMerged
        ? yield* this.at(fieldElement(key), fieldType(map, key)?.atom ?? deduced, before, now)
        : before === undefined
          ? now
          : before
      if (++this.done % stepSize === 0) yield
      if (value !== before) isLeft = false
      if (value === undefined) continue
      setMember(merged, key, value)
      count++
    }
    if (isLeft) return left
    return count > 0 ? merged : undefined
  }

  private *list(list: ListAtom, live: unknown, applied: unknown): Steps<unknown> {
    const left = asList(live) ?? []
    const right = asList(applied) ?? []
    if (!list.associative || (left.length === 0 && right.length === 0)) return leaf(live, applied)
    const rightItems = yield* this.index(list, right, false)
    const leftItems = yield* this.index(list, left, true)
    if (this.problems.length > 0) return undefined
    const merged = yield* this.interleave(list, left, leftItems, rightItems)
    if (merged.length === left.length && left.length > 0 && merged.every((item, i) => item === left[i])) return left
    return merged.length > 0 ? merged : undefined
  }

  /** The elements of a list in order, and the item of each; null for one that is there several times. */
  private *index(list: ListAtom, items: readonly unknown[], allowDuplicates: boolean): Steps<Indexed> {
    const elements: PathElement[] = []
    const byElement = new Map<PathElement, unknown>()
    for (const [i, item] of items.entries()) {
      if (i % stepSize === stepSize - 1) yield
      try {
        const element = itemElement(list, item)
        const known = byElement.has(element)
        if (known && !allowDuplicates) {
          this.problem(`duplicate entries for key ${elementText(element)}`)
          continue
        }
        byElement.set(element, known ? null : item)
        elements.push(element)
      } catch (e) {
        this.problem(`element ${i}: ${(e as Error).message}`)
      }
    }
    return { elements, byElement }
  }

  /** Applied items keep their order; live ones stay between those that both lists have. */
  private *interleave(list: ListAtom, live: readonly unknown[], left: Indexed, right: Indexed): Steps<unknown[]> {
    const out: unknown[] = []
    const shared = right.elements.filter((element) => left.byElement.has(element))
    let nextShared = 0
    const done = new Set<PathElement>()
    const { atom } = list.element
    const put = (value: unknown): void => {
      if (value !== undefined) out.push(value)
    }
    let l = 0
    let r = 0
    while (l < left.elements.length || r < right.elements.length) {
      const element = left.elements[l]
      if (element !== undefined && r < right.elements.length) {
        if (element === right.elements[r]) {
          done.add(element)
          put(yield* this.at(element, atom, left.byElement.get(element), right.byElement.get(element)))
          l++
          r++
          nextShared++
          continue
        }
        if (right.byElement.has(element) && shared[nextShared] !== undefined && shared[nextShared] !== element) {
          l++
          continue
        }
      }
      if (element !== undefined) {
        if (!right.byElement.has(element)) {
          put(live[l])
          l++
          continue
        }
        if (done.has(element)) l++
      }
      const next = right.elements[r]
      if (next === undefined) continue
      done.add(next)
      put(yield* this.at(next, atom, left.byElement.get(next), right.byElement.get(next)))
      r++
      if (shared[nextShared] === next) nextShared++
    }
    return out
  }
}

interface Indexed {
  readonly elements: readonly PathElement[]
  readonly byElement: ReadonlyMap<PathElement, unknown>
}
