import type { ManagedFieldsEntry } from '../../apimachinery/object.ts'
import { entriesOf, type Json, withEntries } from './managers.ts'
import { isEqual } from './typed/json-value.ts'

/** `next`, with the times of `live`'s managedFields when nothing but those times differs: a request that changes nothing writes nothing.
 *  Call it last, after admission. */
export function keepTimestamps(live: Json, next: Json): Json {
  const before = entriesOf(live) ?? []
  const after = entriesOf(next) ?? []
  if (before.length !== after.length || !before.every((entry, i) => isEqual(timeless(entry), timeless(after[i])))) return next
  if (before.every((entry, i) => entry.time === after[i]?.time)) return next
  return isEqual(withEntries(live, undefined), withEntries(next, undefined)) ? withEntries(next, before) : next
}

function timeless(entry: ManagedFieldsEntry | undefined): unknown {
  if (!entry) return undefined
  const { time: _, ...rest } = entry
  return rest
}
