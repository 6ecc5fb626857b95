import { duplicate, type FieldError, invalid } from '../../apimachinery/field-error.ts'
import { identityOf, isJsonArray, isJsonObject, type Json, type JsonObject, own, withSortedKeys } from './json-schema.ts'
import type { SchemaNode } from './node.ts'
import { atIndex, atKey, child } from './path.ts'

/** Items that occur twice in lists of type set, or by their keys in lists of type map. */
export function duplicateItems(value: Json, node: SchemaNode | undefined, path = ''): FieldError[] {
  if (node === undefined) return []
  if (isJsonArray(value)) return [...duplicatesIn(value, node, path), ...inItems(value, node, path)]
  if (!isJsonObject(value)) return []
  return Object.keys(value).flatMap((key) => {
    const field = value[key] as Json
    const property = node.properties.get(key)
    const own = property === undefined ? [] : duplicateItems(field, property, child(path, key))
    const additional = typeof node.additional === 'object' ? duplicateItems(field, node.additional, atKey(path, key)) : []
    return [...additional, ...own]
  })
}

function inItems(list: readonly Json[], node: SchemaNode, path: string): FieldError[] {
  if (node.items === undefined) return []
  return list.flatMap((item, i) => duplicateItems(item, node.items, atIndex(path, i)))
}

function duplicatesIn(list: readonly Json[], node: SchemaNode, path: string): FieldError[] {
  if (node.listType === 'set') return secondOccurrences(list).map((i) => duplicate(atIndex(path, i), sorted(list[i])))
  if (node.listType !== 'map') return []
  const wrong = list.findIndex((item) => item !== null && !isJsonObject(item))
  if (wrong !== -1) return [invalid(atIndex(path, wrong), sorted(list[wrong]), 'must be an object for an array of list-type map')]
  const keys = list.map((item) => keysOf(item as JsonObject | null, node.listMapKeys))
  return secondOccurrences(keys).map((i) => duplicate(atIndex(path, i), sorted(keys[i])))
}

/** As Go's maps are shown. */
const sorted = (value: Json | undefined): Json | undefined => (value === undefined ? value : withSortedKeys(value))

function keysOf(item: JsonObject | null, names: readonly string[]): JsonObject {
  const present = names.flatMap((name): [string, Json][] => {
    const value = item === null ? undefined : own(item, name)
    return value === undefined ? [] : [[name, value]]
  })
  return Object.fromEntries(present)
}

/** The index of the second of equal values; further ones are not told again. */
function secondOccurrences(values: readonly Json[]): number[] {
  const times = new Map<unknown, number>()
  const second: number[] = []
  for (const [i, value] of values.entries()) {
    const identity = identityOf(value)
    const before = times.get(identity) ?? 0
    times.set(identity, before + 1)
    if (before === 1) second.push(i)
  }
  return second
}
