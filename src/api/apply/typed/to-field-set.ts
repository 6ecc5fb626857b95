import { atOnce, type Steps } from '../../../apimachinery/steps.ts'
import { FieldSet } from '../fields/field-set.ts'
import { fieldElement, type PathElement } from '../fields/path-element.ts'
import { type Atom, deduced, type ListAtom, type MapAtom } from '../types/atom.ts'
import { fieldType } from './descend.ts'
import { formOf, itemElement, resolved } from './forms.ts'
import { isMap } from './json-value.ts'

/** Every field that `value` gives: leaves, list items, and members of maps without declared fields. */
export const toFieldSet = (atom: Atom, value: unknown): FieldSet => atOnce(fieldSetSteps(atom, value))

/** So many fields are found in one step. */
const stepSize = 500

/** As `toFieldSet`, in steps. */
export function* fieldSetSteps(atom: Atom, value: unknown): Steps<FieldSet> {
  const set = new FieldSet()
  yield* collect(set, atom, value, [])
  return set
}

function* collect(set: FieldSet, atom: Atom, value: unknown, path: PathElement[]): Steps<void> {
  switch (resolved(atom, formOf(atom, value))) {
    case 'scalar':
      set.insert(path)
      break
    case 'list':
      yield* collectItems(set, atom.list as ListAtom, value, path)
      break
    case 'map':
      yield* collectMembers(set, atom.map as MapAtom, value, path)
  }
}

function* collectItems(set: FieldSet, list: ListAtom, value: unknown, path: PathElement[]): Steps<void> {
  if (!list.associative) set.insert(path)
  if (!list.associative || !Array.isArray(value)) return
  if (value.length === 0) return
  const { members } = set.level(path)
  const { atom } = list.element
  if (!atom.list && !atom.map) {
    for (const [i, item] of value.entries()) {
      if (i % stepSize === stepSize - 1) yield
      members.add(itemElement(list, item))
    }
    return
  }
  const elements: PathElement[] = []
  for (const [i, item] of value.entries()) {
    if (i % stepSize === stepSize - 1) yield
    elements.push(itemElement(list, item))
  }
  const counts = new Map<PathElement, number>()
  for (const element of elements) counts.set(element, (counts.get(element) ?? 0) + 1)
  for (const [i, element] of elements.entries()) {
    if (i % stepSize === stepSize - 1) yield
    members.add(element)
    if (counts.get(element) !== 1) continue
    path.push(element)
    yield* collect(set, atom, value[i], path)
    path.pop()
  }
}

function* collectMembers(set: FieldSet, map: MapAtom, value: unknown, path: PathElement[]): Steps<void> {
  if (map.atomic) set.insert(path)
  if (map.atomic || !isMap(value)) return
  const element = map.fields.size === 0 ? map.element?.atom : undefined
  if (element && !element.list && !element.map) {
    const keys = Object.keys(value)
    if (keys.length === 0) return
    const { members } = set.level(path)
    for (const [i, key] of keys.entries()) {
      if (i % stepSize === stepSize - 1) yield
      members.add(fieldElement(key))
    }
    return
  }
  for (const [i, key] of Object.keys(value).entries()) {
    if (i % stepSize === stepSize - 1) yield
    const member = value[key]
    path.push(fieldElement(key))
    yield* collect(set, fieldType(map, key)?.atom ?? deduced, member, path)
    const isEmpty = member === null || (isMap(member) && Object.keys(member).length === 0)
    if (isEmpty || !map.fields.has(key)) set.insert(path)
    path.pop()
  }
}
