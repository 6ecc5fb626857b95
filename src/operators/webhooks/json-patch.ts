/** An operation of a JSON patch (RFC 6902). */
interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace'
  readonly path: string
  readonly value?: unknown
}

const escaped = (name: string): string => name.replace(/~/g, '~0').replace(/\//g, '~1')
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The operations that make `after` of `before`; undefined fields are absent ones. Lists of another length are replaced whole. */
export function jsonPatch(before: unknown, after: unknown, path = ''): PatchOperation[] {
  if (before === after) return []
  if (isObject(before) && isObject(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name): PatchOperation[] => {
      const at = `${path}/${escaped(name)}`
      if (after[name] === undefined) return before[name] === undefined ? [] : [{ op: 'remove', path: at }]
      if (before[name] === undefined) return [{ op: 'add', path: at, value: after[name] }]
      return jsonPatch(before[name], after[name], at)
    })
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return before.flatMap((item, i) => jsonPatch(item, after[i], `${path}/${i}`))
  return [{ op: 'replace', path, value: after }]
}
