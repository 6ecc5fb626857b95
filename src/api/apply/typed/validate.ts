import { mostErrors } from '../../../apimachinery/field-error.ts'
import { elementText, fieldElement, indexElement, type PathElement } from '../fields/path-element.ts'
import type { Atom, ListAtom, MapAtom } from '../types/atom.ts'
import { fieldType } from './descend.ts'
import { formOf, goPointer, itemElement, type Problem, resolved, scalarProblem, TypedError } from './forms.ts'
import { isMap } from './json-value.ts'

/** Throws TypedError unless `value` is an `atom`. Equal items in sets and maps are refused unless `allowDuplicates`. */
export function validate(atom: Atom, value: unknown, allowDuplicates: boolean): void {
  const problems: Problem[] = []
  new Validation(problems, allowDuplicates).check(atom, value)
  if (problems.length > 0) throw new TypedError(problems)
}

class Validation {
  readonly problems: Problem[]
  readonly allowDuplicates: boolean
  private readonly path: PathElement[] = []

  constructor(problems: Problem[], allowDuplicates: boolean) {
    this.problems = problems
    this.allowDuplicates = allowDuplicates
  }

  private problem(message: string): void {
    if (this.problems.length === mostErrors) return
    this.problems.push({ path: this.path.map(elementText).join(''), message })
  }

  check(atom: Atom, value: unknown): void {
    switch (resolved(atom, formOf(atom, value))) {
      case 'scalar': {
        const message = scalarProblem(atom.scalar ?? 'untyped', value)
        if (message) this.problem(message)
        break
      }
      case 'list':
        if (atom.list) this.list(atom.list, value)
        break
      case 'map':
        if (atom.map) this.map(atom.map, value)
    }
  }

  private list(list: ListAtom, value: unknown): void {
    if (value === null || value === undefined) return
    if (!Array.isArray(value)) {
      this.problem(`expected list, got ${goPointer(value)}`)
      return
    }
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
      this.path.push(element)
      this.check(list.element.atom, item)
      this.path.pop()
    }
  }

  private map(map: MapAtom, value: unknown): void {
    if (value === null) return
    if (!isMap(value)) {
      this.problem(value === undefined ? 'expected map, got nil' : `expected map, got ${goPointer(value)}`)
      return
    }
    for (const [key, member] of Object.entries(value)) {
      const type = fieldType(map, key)
      this.path.push(fieldElement(key))
      if (type) this.check(type.atom, member)
      else this.problem('field not declared in schema')
      this.path.pop()
      if (!type) return
    }
  }
}
