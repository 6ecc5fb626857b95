import { duplicate, type FieldError, invalid } from '../../apimachinery/field-error.ts'
import { isJsonArray, isJsonObject, type Json, type JsonObject, own, sameJson } from './json-schema.ts'
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
  if (node.listType === 'set') return secondOccurrences(list).map((i) => duplicate(atIndex(path, i), list[i]))
  if (node.listType !== 'map') return []
  const wrong = list.findIndex((item) => item !== null && !isJsonObject(item))
  if (wrong !== -1) return [invalid(atIndex(path, wrong), list[wrong], 'must be an object for an array of list-type map')]
  const keys = list.map((item) => keysOf(item as JsonObject | null, node.listMapKeys))
  return secondOccurrences(keys).map((i) => duplicate(atIndex(path, i), keys[i]))
}

function keysOf(item: JsonObject | null, names: readonly string[]): JsonObject {
  const present = names.flatMap((name): [string, Json][] => {
    const value = item === null ? undefined : own(item, name)
    return value === undefined ? [] : [[name, value]]
  })
  return Object.fromEntries(present)
}

/** The index of the second of equal values; further ones are not told again. */
function secondOccurrences(values: readonly Json[]): number[] {
  const seen = new Map<unknown, { value: Json; times: number }[]>()
  const second: number[] = []
  values.forEach((value, i) => {
    const bucket = typeof value === 'object' && value !== null ? JSON.stringify(Object.keys(value).sort()) : value
    const candidates = seen.get(bucket) ?? []
    const match = candidates.find((candidate) => sameJson(candidate.value, value))
    if (match === undefined) seen.set(bucket, [...candidates, { value, times: 1 }])
    else if (match.times++ === 1) second.push(i)
  })
  return second
}
