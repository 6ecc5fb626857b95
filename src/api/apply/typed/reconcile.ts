import { FieldSet } from '../fields/field-set.ts'
import { fieldName, isField, type PathElement } from '../fields/path-element.ts'
import { type Atom, isDeduced, type Ref } from '../types/atom.ts'
import { fieldType } from './descend.ts'
import { firstForm } from './forms.ts'

const settled = new WeakMap<Atom, WeakSet<FieldSet>>()

/** `set` as it must be now that its type may have changed since it was made: what became atomic is owned as a whole. */
export function reconcileWithType(set: FieldSet, atom: Atom): FieldSet {
  const known = settled.get(atom) ?? new WeakSet()
  if (known.has(set)) return set
  const atomics = new FieldSet()
  find(atomics, atom, set, [], false)
  const result = atomics.isEmpty() ? set : set.recursiveDifference(atomics).union(atomics)
  settled.set(atom, known.add(result))
  return result
}

/** Collects the paths of `set` that go into something atomic. */
function find(atomics: FieldSet, atom: Atom, set: FieldSet | undefined, path: PathElement[], isLeaf: boolean): void {
  const form = firstForm(atom)
  if (form === 'scalar') return
  if (form === 'list' && atom.list) {
    if (!isLeaf && !atom.list.associative) atomics.insert(path)
    else if (set) each(atomics, set, path, () => atom.list?.element)
  } else if (atom.map) {
    const { map } = atom
    if (isDeduced(map)) return
    if (!isLeaf && map.atomic) {
      if (set && (set.members.size > 0 || set.children.size > 0)) atomics.insert(path)
    } else if (set) each(atomics, set, path, (element) => (isField(element) ? fieldType(map, fieldName(element)) : map.element))
  }
}

function each(atomics: FieldSet, set: FieldSet, path: PathElement[], typeOf: (element: PathElement) => Ref | undefined): void {
  const go = (element: PathElement, isMember: boolean) => {
    const type = typeOf(element)
    if (!type) return
    const below = set.children.get(element)
    path.push(element)
    find(atomics, type.atom, below, path, isMember && !below)
    path.pop()
  }
  for (const element of set.children.keys()) if (!set.members.has(element)) go(element, false)
  for (const element of set.members) go(element, true)
}
