type Json = { metadata?: { managedFields?: unknown }; items?: readonly Json[]; rows?: readonly { object?: Json }[] }

/** A copy of an object, list or table without managedFields. */
export function withoutManagedFields(value: object): object {
  const { metadata, items, rows } = value as Json
  return {
    ...value,
    ...(metadata?.managedFields === undefined ? {} : { metadata: { ...metadata, managedFields: undefined } }),
    ...(Array.isArray(items) ? { items: items.map(withoutManagedFields) } : {}),
    ...(Array.isArray(rows) ? { rows: rows.map((r) => (r.object ? { ...r, object: withoutManagedFields(r.object) } : r)) } : {}),
  }
}
