import type { FieldSet } from '../fields/field-set.ts'
import { fieldElement } from '../fields/path-element.ts'
import { type Atom, deduced, type ListAtom, type MapAtom } from '../types/atom.ts'
import { fieldType } from './descend.ts'
import { formOf, itemElement, resolved } from './forms.ts'
import { isMap, mapFrom } from './json-value.ts'

/** `value` without the fields and items of `gone`. A map or list that has nothing left becomes null. */
export function removeItems(atom: Atom, value: unknown, gone: FieldSet): unknown {
  switch (resolved(atom, formOf(atom, value))) {
    case 'scalar':
      return value
    case 'list':
      return withoutItems(atom.list as ListAtom, value, gone)
    case 'map':
      return withoutMembers(atom.map as MapAtom, value, gone)
  }
}

function withoutItems(list: ListAtom, value: unknown, gone: FieldSet): unknown {
  if (!Array.isArray(value) || !list.associative) return null
  const rest: unknown[] = []
  for (const item of value) {
    const element = itemElement(list, item)
    if (gone.members.has(element)) continue
    const below = gone.below(element)
    rest.push(below.isEmpty() ? item : removeItems(list.element.atom, item, below))
  }
  return rest.length > 0 ? rest : null
}

function withoutMembers(map: MapAtom, value: unknown, gone: FieldSet): unknown {
  if (!isMap(value) || map.atomic) return null
  const rest: [string, unknown][] = []
  for (const [key, member] of Object.entries(value)) {
    const element = fieldElement(key)
    if (gone.members.has(element)) continue
    const below = gone.below(element)
    rest.push([key, below.isEmpty() ? member : removeItems(fieldType(map, key)?.atom ?? deduced, member, below)])
  }
  return rest.length > 0 ? mapFrom(rest) : null
}
