// What may differ from cluster to cluster and from run to run, replaced by what it is.

export interface Json {
  [name: string]: unknown
}

/** Removed: they say when and in which order, not what. */
const volatile = new Set(['resourceVersion', 'uid', 'creationTimestamp', 'selfLink'])
const pem = /-----BEGIN ([A-Z0-9 ]+)-----/g

/** An object without its identity, times, random names, keys and certificates. Pure. */
export function masked(object: Json): Json {
  return maskTree(object, randomNames(object), '') as Json
}

/** Text (an event's message, a line of a log) without times, identities, the ends of generated names, and addresses. */
export function maskText(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, '<time>')
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uid>')
    .replace(/-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, '-<random>')
    .replace(/https?:\/\/(127\.0\.0\.1|localhost|\[::1\]):\d+/g, '<server>')
    .replace(/\b10\.43\.\d+\.\d+\b/g, '<service address>')
    .replace(/\b10\.(42|244)\.\d+\.\d+\b/g, '<pod address>')
}

/** generateName's five random characters, here and in every reference inside the object. */
function randomNames(object: Json): ReadonlyMap<string, string> {
  const { name, generateName } = (object.metadata ?? {}) as { name?: string; generateName?: string }
  return new Map(name && generateName && name.startsWith(generateName) ? [[name, `${generateName}<random>`]] : [])
}

function maskTree(value: unknown, names: ReadonlyMap<string, string>, key: string): unknown {
  if (Array.isArray(value))
    return ordered(
      value.map((v) => maskTree(v, names, key)),
      key,
    )
  if (value && typeof value === 'object') {
    const kept = Object.entries(value).filter(([k]) => !volatile.has(k) || key === 'properties' || key === 'data')
    return Object.fromEntries(kept.map(([k, v]) => [maskString(k, names), maskTree(v, names, k)]))
  }
  if (key === 'nodePort' || key === 'healthCheckNodePort') return '<port>'
  if (typeof value !== 'string') return value
  return maskString(value, names)
}

/** By what their items are sorted: these stand in the order in which somebody came by. */
const orderless: Record<string, readonly string[]> = {
  conditions: ['type'],
  managedFields: ['manager', 'operation', 'subresource'],
}

function ordered(items: unknown[], key: string): unknown[] {
  const by = orderless[key]
  if (!by) return items
  const text = (item: unknown) => by.map((name) => (item as Json | null)?.[name] ?? '').join('/')
  return items.sort((a, b) => (text(a) < text(b) ? -1 : 1))
}

function maskString(text: string, names: ReadonlyMap<string, string>): string {
  const known = names.get(text)
  if (known) return known
  return secretOf(text) ?? maskText(text)
}

/** `<CERTIFICATE × 2>` for PEM, plain or as base64; else undefined. */
function secretOf(text: string): string | undefined {
  const plain = text.includes('-----BEGIN') ? text : text.startsWith('LS0tLS1CRUdJTi') ? atob(text) : ''
  const labels = [...plain.matchAll(pem)].map((m) => m[1])
  return labels.length > 0 ? `<${labels[0]} × ${labels.length}>` : undefined
}
