import type { Steps } from '../../../apimachinery/steps.ts'
import type { FieldSet } from '../fields/field-set.ts'
import { fieldElement } from '../fields/path-element.ts'
import { type Atom, deduced, type ListAtom, type MapAtom } from '../types/atom.ts'
import { fieldType } from './descend.ts'
import { formOf, itemElement, resolved } from './forms.ts'
import { isMap, mapFrom } from './json-value.ts'

/** So many fields or items are looked at in one step. */
const stepSize = 500

/** `value` without the fields and items of `gone`, in steps. A map or list that has nothing left becomes null. */
export function* removeItems(atom: Atom, value: unknown, gone: FieldSet): Steps<unknown> {
  switch (resolved(atom, formOf(atom, value))) {
    case 'scalar':
      return value
    case 'list':
      return yield* withoutItems(atom.list as ListAtom, value, gone)
    case 'map':
      return yield* withoutMembers(atom.map as MapAtom, value, gone)
  }
}

function* withoutItems(list: ListAtom, value: unknown, gone: FieldSet): Steps<unknown> {
  if (!Array.isArray(value) || !list.associative) return null
  const rest: unknown[] = []
  for (const [i, item] of value.entries()) {
    if (i % stepSize === stepSize - 1) yield
    const element = itemElement(list, item)
    if (gone.members.has(element)) continue
    const below = gone.below(element)
    rest.push(below.isEmpty() ? item : yield* removeItems(list.element.atom, item, below))
  }
  return rest.length > 0 ? rest : null
}

function* withoutMembers(map: MapAtom, value: unknown, gone: FieldSet): Steps<unknown> {
  if (!isMap(value) || map.atomic) return null
  const rest: [string, unknown][] = []
  for (const [i, key] of Object.keys(value).entries()) {
    if (i % stepSize === stepSize - 1) yield
    const member = value[key]
    const element = fieldElement(key)
    if (gone.members.has(element)) continue
    const below = gone.below(element)
    rest.push([key, below.isEmpty() ? member : yield* removeItems(fieldType(map, key)?.atom ?? deduced, member, below)])
  }
  return rest.length > 0 ? mapFrom(rest) : null
}
