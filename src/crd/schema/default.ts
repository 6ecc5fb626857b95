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
  const changes = new Map<string, Json | undefined>()
  for (const [name, property] of node.properties) {
    if (!property.hasDefault) continue
    const present = Object.hasOwn(object, name) && !isForbiddenNull(object[name] as Json, property)
    if (!present) changes.set(name, applyDefaults(defaultOf(property), property))
  }
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
