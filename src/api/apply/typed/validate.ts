import { mostErrors } from '../../../apimachinery/field-error.ts'
import { atOnce, type Steps } from '../../../apimachinery/steps.ts'
import { elementText, fieldElement, indexElement, type PathElement } from '../fields/path-element.ts'
import type { Atom, ListAtom, MapAtom } from '../types/atom.ts'
import { fieldType } from './descend.ts'
import { formOf, goPointer, itemElement, type Problem, resolved, scalarProblem, TypedError } from './forms.ts'
import { isMap, type JsonMap } from './json-value.ts'

const isContainer = (value: unknown): boolean => typeof value === 'object' && value !== null

/** Throws TypedError unless `value` is an `atom`. Equal items in sets and maps are refused unless `allowDuplicates`. */
export const validate = (atom: Atom, value: unknown, allowDuplicates: boolean): void =>
  atOnce(validateSteps(atom, value, allowDuplicates))

/** So many values are looked at in one step. */
const stepSize = 500

/** As `validate`, in steps. */
export function* validateSteps(atom: Atom, value: unknown, allowDuplicates: boolean): Steps<void> {
  const problems: Problem[] = []
  yield* new Validation(problems, allowDuplicates).check(atom, value)
  if (problems.length > 0) throw new TypedError(problems)
}

class Validation {
  readonly problems: Problem[]
  readonly allowDuplicates: boolean
  private readonly path: PathElement[] = []
  private looked = 0

  constructor(problems: Problem[], allowDuplicates: boolean) {
    this.problems = problems
    this.allowDuplicates = allowDuplicates
  }

  private problem(message: string): void {
    if (this.problems.length === mostErrors) return
    this.problems.push({ path: this.path.map(elementText).join(''), message })
  }

  *check(atom: Atom, value: unknown): Steps<void> {
    const form = resolved(atom, formOf(atom, value))
    if (form === 'list' && atom.list && Array.isArray(value)) yield* this.list(atom.list, value)
    else if (form === 'map' && atom.map && isMap(value)) yield* this.map(atom.map, value)
    else this.leaf(atom, value)
  }

  /** What has nothing in it, or is not what it should be. */
  private leaf(atom: Atom, value: unknown): void {
    switch (resolved(atom, formOf(atom, value))) {
      case 'scalar': {
        const message = scalarProblem(atom.scalar ?? 'untyped', value)
        if (message) this.problem(message)
        break
      }
      case 'list':
        if (atom.list && value !== null && value !== undefined) this.problem(`expected list, got ${goPointer(value)}`)
        break
      case 'map':
        if (atom.map && value !== null)
          this.problem(value === undefined ? 'expected map, got nil' : `expected map, got ${goPointer(value)}`)
    }
  }

  private *at(element: PathElement, atom: Atom, value: unknown): Steps<void> {
    this.path.push(element)
    yield* this.check(atom, value)
    this.path.pop()
  }

  private leafAt(element: PathElement, atom: Atom, value: unknown): void {
    this.path.push(element)
    this.leaf(atom, value)
    this.path.pop()
  }

  private *list(list: ListAtom, value: readonly unknown[]): Steps<void> {
    const seen = new Set<string>()
    for (const [i, item] of value.entries()) {
      let element = indexElement(i)
      if (list.associative) {
        try {
          element = itemElement(list, item)
        } catch (e) {
          this.problem(`element ${i}: ${(e as Error).message}`)
          return
        }
        if (seen.has(element) && !this.allowDuplicates) {
          this.problem(`duplicate entries for key ${elementText(element)}`)
        }
        seen.add(element)
      }
      if (isContainer(item)) yield* this.at(element, list.element.atom, item)
      else this.leafAt(element, list.element.atom, item)
      if (++this.looked % stepSize === 0) yield
    }
  }

  private *map(map: MapAtom, value: JsonMap): Steps<void> {
    for (const key of Object.keys(value)) {
      const type = fieldType(map, key)
      const member = value[key]
      if (!type) {
        this.path.push(fieldElement(key))
        this.problem('field not declared in schema')
        this.path.pop()
        return
      }
      if (isContainer(member)) yield* this.at(fieldElement(key), type.atom, member)
      else this.leafAt(fieldElement(key), type.atom, member)
      if (++this.looked % stepSize === 0) yield
    }
  }
}
