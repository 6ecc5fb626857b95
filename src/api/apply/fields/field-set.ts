import type { Atom, Ref } from '../types/atom.ts'
import { fieldName, isField, type Path, type PathElement } from './path-element.ts'

/** A set of field paths as a tree: `members` end here, `children` go on. Treat as immutable once it is handed on; `insert` is for building. */
export class FieldSet {
  readonly members: Set<PathElement>
  readonly children: Map<PathElement, FieldSet>

  constructor(members = new Set<PathElement>(), children = new Map<PathElement, FieldSet>()) {
    this.members = members
    this.children = children
  }

  static of(...paths: Path[]): FieldSet {
    const set = new FieldSet()
    for (const path of paths) set.insert(path)
    return set
  }

  /** Adds a path to a set that is being built. */
  insert(path: Path): void {
    if (path.length === 0) return
    this.level(path, path.length - 1).members.add(path[path.length - 1] as PathElement)
  }

  /** What is below the first `depth` elements of `path`, made where there is nothing yet, in a set that is being built. */
  level(path: Path, depth = path.length): FieldSet {
    let set: FieldSet = this
    for (let i = 0; i < depth; i++) {
      const element = path[i] as PathElement
      let child = set.children.get(element)
      if (!child) {
        child = new FieldSet()
        set.children.set(element, child)
      }
      set = child
    }
    return set
  }

  has(path: Path): boolean {
    let set: FieldSet | undefined = this
    for (let i = 0; i < path.length - 1; i++) {
      set = set.children.get(path[i] as PathElement)
      if (!set) return false
    }
    return path.length > 0 && set.members.has(path[path.length - 1] as PathElement)
  }

  /** What of the set is below `element`. */
  below(element: PathElement): FieldSet {
    return this.children.get(element) ?? emptySet
  }

  isEmpty(): boolean {
    if (this.members.size > 0) return false
    for (const child of this.children.values()) if (!child.isEmpty()) return false
    return true
  }

  union(other: FieldSet): FieldSet {
    if (other === this || other.isEmpty()) return this
    if (this.isEmpty()) return other
    const children = new Map(this.children)
    for (const [element, set] of other.children) {
      const mine = children.get(element)
      children.set(element, mine ? mine.union(set) : set)
    }
    return new FieldSet(this.members.union(other.members), children)
  }

  intersection(other: FieldSet): FieldSet {
    if (other.members.size === 0 && other.children.size === 0) return other
    const children = new Map<PathElement, FieldSet>()
    for (const [element, set] of this.children) {
      const theirs = other.children.get(element)
      const both = theirs && set.intersection(theirs)
      if (both && !both.isEmpty()) children.set(element, both)
    }
    return new FieldSet(this.members.intersection(other.members), children)
  }

  /** Without the paths of `other`. */
  difference(other: FieldSet): FieldSet {
    return this.without(other, false)
  }

  /** Without the paths of `other` and everything below them. */
  recursiveDifference(other: FieldSet): FieldSet {
    return this.without(other, true)
  }

  private without(other: FieldSet, recursive: boolean): FieldSet {
    if (other.members.size === 0 && other.children.size === 0) return this
    let isSame = true
    const children = new Map<PathElement, FieldSet>()
    for (const [element, set] of this.children) {
      const theirs = other.children.get(element)
      const rest = recursive && other.members.has(element) ? emptySet : theirs ? set.without(theirs, recursive) : set
      if (rest !== set) isSame = false
      if (rest === set || !rest.isEmpty()) children.set(element, rest)
    }
    if (isSame && this.members.isDisjointFrom(other.members)) return this
    return new FieldSet(this.members.difference(other.members), children)
  }

  /** With every declared field that has something below it as a member of its own. */
  withNamedFields(type: Atom | undefined): FieldSet {
    const members = new Set(this.members)
    const children = new Map<PathElement, FieldSet>()
    for (const [element, set] of this.children) {
      const field = isField(element) ? type?.map?.fields.get(fieldName(element)) : undefined
      if (field) members.add(element)
      children.set(element, set.withNamedFields(typeBelow(type, element)?.atom))
    }
    return new FieldSet(members, children)
  }

  /** Every path, members of a level before what is below it; not sorted. */
  *paths(prefix: Path = []): Generator<Path> {
    for (const element of this.members) yield [...prefix, element]
    for (const [element, set] of this.children) yield* set.paths([...prefix, element])
  }

  equals(other: FieldSet): boolean {
    if (this.members.size !== other.members.size || this.children.size !== other.children.size) return false
    if (!this.members.isSubsetOf(other.members)) return false
    for (const [element, set] of this.children) {
      const theirs = other.children.get(element)
      if (!theirs?.equals(set)) return false
    }
    return true
  }
}

const emptySet = new FieldSet()

/** The type that `element` leads to in `type`, if it leads anywhere. */
function typeBelow(type: Atom | undefined, element: PathElement): Ref | undefined {
  if (isField(element)) return type?.map?.fields.get(fieldName(element))?.type ?? type?.map?.element
  return element.startsWith('k:') ? type?.list?.element : undefined
}
