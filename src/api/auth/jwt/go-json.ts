/** What Go's encoding/json says of a value that is not of the type that it is read into. */
export function mismatch(value: unknown, target: string): Error {
  const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
  return new Error(`json: cannot unmarshal ${kind} into Go ${target}`)
}

/** A value read into a Go string: null is an empty one. Throws an Error. */
export function goText(value: unknown, target = 'value of type string'): string {
  if (value === null) return ''
  if (typeof value !== 'string') throw mismatch(value, target)
  return value
}
