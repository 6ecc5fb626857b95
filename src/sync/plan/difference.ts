import { jsonText } from '../../apimachinery/json.ts'

/** One field that differs; `before` or `after` is undefined where the field is not there. */
export interface FieldChange {
  readonly field: string
  readonly before: unknown
  readonly after: unknown
}

/** What the server writes by itself on every object. */
const ownFields = new Set([
  'metadata.managedFields',
  'metadata.resourceVersion',
  'metadata.generation',
  'metadata.uid',
  'metadata.creationTimestamp',
  'status',
])

/** The fields in which two versions of an object differ, without what the server keeps for itself. */
export function differences(before: unknown, after: unknown): FieldChange[] {
  const changes: FieldChange[] = []
  compare(before, after, '', changes)
  return changes
}

function compare(before: unknown, after: unknown, field: string, changes: FieldChange[]): void {
  if (before === after || ownFields.has(field)) return
  if (isMap(before) && isMap(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
      compare(before[key], after[key], join(field, key), changes)
  } else if (Array.isArray(before) && Array.isArray(after)) {
    compareLists(before, after, field, changes)
  } else changes.push({ field, before, after })
}

/** Items that have a name are compared by it, others by position. */
function compareLists(before: readonly unknown[], after: readonly unknown[], field: string, changes: FieldChange[]): void {
  const named = [...before, ...after].every((item) => isMap(item) && typeof item.name === 'string')
  const key = (item: unknown, i: number) => (named ? String((item as { name: string }).name) : String(i))
  const old = new Map(before.map((item, i) => [key(item, i), item]))
  const now = new Map(after.map((item, i) => [key(item, i), item]))
  for (const k of new Set([...old.keys(), ...now.keys()])) compare(old.get(k), now.get(k), `${field}[${k}]`, changes)
}

function join(field: string, key: string): string {
  if (field === '') return key
  return /[./]/.test(key) ? `${field}[${key}]` : `${field}.${key}`
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A value in one short line for people; the content of Secrets is never shown. */
export function shortValue(value: unknown, secret = false): string {
  if (value === undefined) return '(none)'
  if (secret) return '(hidden)'
  const text = typeof value === 'string' ? value : jsonText(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
