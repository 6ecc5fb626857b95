import { memberCopy, setMember } from '../../apimachinery/members.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import type { Json, JsonObject } from './json-schema.ts'

/** So many items or members are looked at in one step. */
const stepSize = 200

/** `list` with what `change` makes of its items; `list` itself when nothing changes. In steps, for large lists. */
export function* changedItems(list: readonly Json[], change: (item: Json, index: number) => Steps<Json>): Steps<readonly Json[]> {
  let copy: Json[] | undefined
  for (const [i, item] of list.entries()) {
    if (i % stepSize === stepSize - 1) yield
    const changed = yield* change(item, i)
    if (changed !== item) copy ??= list.slice(0, i)
    if (copy) copy.push(changed)
  }
  return copy ?? list
}

/** `object` with what `change` makes of its members, without those of which it makes undefined; `object` itself when nothing changes. */
export function* changedMembers(
  object: JsonObject,
  change: (key: string, value: Json) => Steps<Json | undefined>,
): Steps<JsonObject> {
  const keys = Object.keys(object)
  yield
  let copy: Record<string, Json> | undefined
  for (const [i, key] of keys.entries()) {
    if (i % stepSize === stepSize - 1) yield
    const value = object[key] as Json
    const changed = yield* change(key, value)
    if (changed !== value && !copy) copy = (yield* memberCopy(object, keys.slice(0, i))) as Record<string, Json>
    if (copy && changed !== undefined) setMember(copy, key, changed)
  }
  return copy ?? object
}
