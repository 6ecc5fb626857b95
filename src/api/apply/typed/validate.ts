import { elementText, fieldElement, indexElement } from '../fields/path-element.ts'
import type { Atom, ListAtom, MapAtom } from '../types/atom.ts'
import { fieldType } from './descend.ts'
import { formOf, goPointer, itemElement, type Problem, resolved, scalarProblem, TypedError } from './forms.ts'
import { isMap } from './json-value.ts'

/** Throws TypedError unless `value` is an `atom`. Equal items in sets and maps are refused unless `allowDuplicates`. */
export function validate(atom: Atom, value: unknown, allowDuplicates: boolean): void {
  const problems: Problem[] = []
  new Validation(problems, allowDuplicates).check(atom, value, '')
  if (problems.length > 0) throw new TypedError(problems)
}

class Validation {
  readonly problems: Problem[]
  readonly allowDuplicates: boolean

  constructor(problems: Problem[], allowDuplicates: boolean) {
    this.problems = problems
    this.allowDuplicates = allowDuplicates
  }

  check(atom: Atom, value: unknown, path: string): void {
    switch (resolved(atom, formOf(atom, value))) {
      case 'scalar': {
        const message = scalarProblem(atom.scalar ?? 'untyped', value)
        if (message) this.problems.push({ path, message })
        break
      }
      case 'list':
        if (atom.list) this.list(atom.list, value, path)
        break
      case 'map':
        if (atom.map) this.map(atom.map, value, path)
    }
  }

  private list(list: ListAtom, value: unknown, path: string): void {
    if (value === null || value === undefined) return
    if (!Array.isArray(value)) {
      this.problems.push({ path, message: `expected list, got ${goPointer(value)}` })
      return
    }
    const seen = new Set<string>()
    for (const [i, item] of value.entries()) {
      let element = indexElement(i)
      if (list.associative) {
        try {
          element = itemElement(list, item)
        } catch (e) {
          this.problems.push({ path, message: `element ${i}: ${(e as Error).message}` })
          return
        }
        if (seen.has(element) && !this.allowDuplicates) {
          this.problems.push({ path, message: `duplicate entries for key ${elementText(element)}` })
        }
        seen.add(element)
      }
      this.check(list.element.atom, item, path + elementText(element))
    }
  }

  private map(map: MapAtom, value: unknown, path: string): void {
    if (value === null) return
    if (!isMap(value)) {
      this.problems.push({
        path,
        message: value === undefined ? 'expected map, got nil' : `expected map, got ${goPointer(value)}`,
      })
      return
    }
    for (const [key, member] of Object.entries(value)) {
      const type = fieldType(map, key)
      const at = path + elementText(fieldElement(key))
      if (!type) {
        this.problems.push({ path: at, message: 'field not declared in schema' })
        return
      }
      this.check(type.atom, member, at)
    }
  }
}
