import { duplicate, type FieldError, invalid } from '../../apimachinery/field-error.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import { identityOf, isJsonArray, isJsonObject, type Json, type JsonObject, own, withSortedKeys } from './json-schema.ts'
import type { SchemaNode } from './node.ts'
import { atIndex, atKey, child } from './path.ts'

/** So many items or members are looked at in one step. */
const stepSize = 500

/** Items that occur twice in lists of type set, or by their keys in lists of type map; in steps. */
export function* duplicateItems(value: Json, node: SchemaNode | undefined, path = ''): Steps<FieldError[]> {
  if (node === undefined || !node.hasSets) return []
  if (isJsonArray(value)) return [...(yield* duplicatesIn(value, node, path)), ...(yield* inItems(value, node, path))]
  if (!isJsonObject(value)) return []
  const errors: FieldError[] = []
  for (const [i, key] of Object.keys(value).entries()) {
    if (i % stepSize === stepSize - 1) yield
    const field = value[key] as Json
    const property = node.properties.get(key)
    if (typeof node.additional === 'object') errors.push(...(yield* duplicateItems(field, node.additional, atKey(path, key))))
    if (property !== undefined) errors.push(...(yield* duplicateItems(field, property, child(path, key))))
  }
  return errors
}

function* inItems(list: readonly Json[], node: SchemaNode, path: string): Steps<FieldError[]> {
  const errors: FieldError[] = []
  if (!node.items?.hasSets) return errors
  for (const [i, item] of list.entries()) {
    if (i % stepSize === stepSize - 1) yield
    errors.push(...(yield* duplicateItems(item, node.items, atIndex(path, i))))
  }
  return errors
}

function* duplicatesIn(list: readonly Json[], node: SchemaNode, path: string): Steps<FieldError[]> {
  const twice = (values: readonly Json[], indexes: readonly number[]): FieldError[] =>
    indexes.map((i) => duplicate(atIndex(path, i), sorted(values[i])))
  if (node.listType === 'set') return twice(list, yield* secondOccurrences(list))
  if (node.listType !== 'map') return []
  const wrong = list.findIndex((item) => item !== null && !isJsonObject(item))
  if (wrong !== -1) return [invalid(atIndex(path, wrong), sorted(list[wrong]), 'must be an object for an array of list-type map')]
  const keys: JsonObject[] = []
  for (const [i, item] of list.entries()) {
    if (i % stepSize === stepSize - 1) yield
    keys.push(keysOf(item as JsonObject | null, node.listMapKeys))
  }
  return twice(keys, yield* secondOccurrences(keys))
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
function* secondOccurrences(values: readonly Json[]): Steps<number[]> {
  const times = new Map<unknown, number>()
  const second: number[] = []
  for (const [i, value] of values.entries()) {
    if (i % stepSize === stepSize - 1) yield
    const identity = identityOf(value)
    const before = times.get(identity) ?? 0
    times.set(identity, before + 1)
    if (before === 1) second.push(i)
  }
  return second
}
