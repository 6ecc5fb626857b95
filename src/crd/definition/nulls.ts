import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../schema/json-schema.ts'
import { withChanges } from '../schema/prune.ts'

/** Fields whose values are any JSON: null inside means null. */
const ANY_JSON = new Set(['default', 'example', 'enum'])

/** A typed object without nulls: a field that is null is not there. Lists keep theirs. */
export function withoutNulls<T extends Json>(value: T, insideMap = false): T {
  if (isJsonArray(value)) return value.map((item) => withoutNulls(item)) as unknown as T
  if (!isJsonObject(value)) return value
  const changes = new Map<string, Json | undefined>()
  for (const [key, field] of Object.entries(value)) {
    if (key === 'dependencies' && !insideMap) continue
    if (field === null) changes.set(key, undefined)
    else if (insideMap || !ANY_JSON.has(key)) {
      const clean = withoutNulls(field, !insideMap && key === 'properties')
      if (clean !== field) changes.set(key, clean)
    }
  }
  return (changes.size === 0 ? value : withChanges(value as JsonObject, changes)) as T
}
