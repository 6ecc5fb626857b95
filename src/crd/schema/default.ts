import { isSmall } from '../../apimachinery/json-size.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import { changedItems, changedMembers } from './changes.ts'
import { isJsonArray, isJsonObject, type Json, type JsonObject } from './json-schema.ts'
import { defaultOf, fieldNode, type SchemaNode } from './node.ts'
import { withChanges } from './prune.ts'

/** `value` with the defaults of its schema where fields are absent (or null and may not be). Shares what is unchanged. */
export function applyDefaults(value: Json, node: SchemaNode | undefined): Json {
  if (node === undefined) return value
  if (isJsonArray(value)) return defaultItems(value, node.items)
  return isJsonObject(value) ? defaultFields(value, node) : value
}

function defaultItems(list: readonly Json[], node: SchemaNode | undefined): readonly Json[] {
  if (node === undefined) return list
  const items = list.map((item) => applyDefaults(isForbiddenNull(item, node) ? (node.schema.default ?? null) : item, node))
  return items.every((item, i) => item === list[i]) ? list : items
}

function defaultFields(object: JsonObject, node: SchemaNode): JsonObject {
  const changes = missingFields(object, node)
  for (const key of Object.keys(object)) {
    if (changes.has(key)) continue
    const child = fieldNode(node, key)
    if (child === undefined) continue
    const value = object[key] as Json
    const isAdditional = !node.properties.has(key)
    const start = isAdditional && isForbiddenNull(value, child) ? (child.schema.default ?? null) : value
    const defaulted = applyDefaults(start, child)
    if (defaulted !== value) changes.set(key, defaulted)
  }
  return withChanges(object, changes)
}

/** The defaults of fields that are absent, or null and may not be. */
function missingFields(object: JsonObject, node: SchemaNode): Map<string, Json | undefined> {
  const missing = new Map<string, Json | undefined>()
  for (const [name, property] of node.properties) {
    if (!property.hasDefault) continue
    const present = Object.hasOwn(object, name) && !isForbiddenNull(object[name] as Json, property)
    if (!present) missing.set(name, applyDefaults(defaultOf(property), property))
  }
  return missing
}

const isForbiddenNull = (value: Json, node: SchemaNode): boolean => value === null && !node.nullable

/** `value` without nulls in fields that may not be null and have no default. Shares what is unchanged. */
export function dropForbiddenNulls(value: Json, node: SchemaNode | undefined): Json {
  if (isJsonArray(value)) {
    const items = value.map((item) => dropForbiddenNulls(item, node?.items))
    return items.every((item, i) => item === value[i]) ? value : items
  }
  if (!isJsonObject(value)) return value
  const changes = new Map<string, Json | undefined>()
  for (const key of Object.keys(value)) {
    const child = fieldNode(node, key)
    const field = value[key] as Json
    if (child !== undefined && isForbiddenNull(field, child) && !child.hasDefault) {
      changes.set(key, undefined)
      continue
    }
    const kept = dropForbiddenNulls(field, child)
    if (kept !== field) changes.set(key, kept)
  }
  return withChanges(value, changes)
}

/** As `dropForbiddenNulls`, in steps. */
export function* dropNullsSteps(value: Json, node: SchemaNode | undefined): Steps<Json> {
  if (isSmall(value)) return dropForbiddenNulls(value, node)
  if (isJsonArray(value)) return yield* changedItems(value, (item) => dropNullsSteps(item, node?.items))
  if (!isJsonObject(value)) return value
  return yield* changedMembers(value, function* (key, field) {
    const child = fieldNode(node, key)
    if (child !== undefined && isForbiddenNull(field, child) && !child.hasDefault) return undefined
    return yield* dropNullsSteps(field, child)
  })
}

/** As `applyDefaults`, in steps. */
export function* defaultSteps(value: Json, node: SchemaNode | undefined): Steps<Json> {
  if (node === undefined || isSmall(value)) return applyDefaults(value, node)
  if (isJsonArray(value)) {
    const { items } = node
    if (items === undefined) return value
    return yield* changedItems(value, (item) =>
      defaultSteps(isForbiddenNull(item, items) ? (items.schema.default ?? null) : item, items),
    )
  }
  if (!isJsonObject(value)) return value
  // What is absent, or null and may not be, is few: the properties of the schema.
  const missing = missingFields(value, node)
  const present = yield* changedMembers(value, function* (key, field) {
    if (missing.has(key)) return missing.get(key)
    const child = fieldNode(node, key)
    if (child === undefined) return field
    const isAdditional = !node.properties.has(key)
    return yield* defaultSteps(isAdditional && isForbiddenNull(field, child) ? (child.schema.default ?? null) : field, child)
  })
  const added = [...missing].filter(([key]) => !Object.hasOwn(value, key))
  return added.length === 0 ? present : withChanges(present, new Map(added))
}
