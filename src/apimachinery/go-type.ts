import { isInt64, WholeFloat } from './json.ts'

/** The type of a JSON value as Go's `%T` tells it, where Kubernetes has read it into an `interface{}`. */
export function goTypeOf(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return '[]interface {}'
  if (value instanceof WholeFloat) return 'float64'
  if (typeof value === 'object') return 'map[string]interface {}'
  if (typeof value === 'number' || typeof value === 'bigint') return isInt64(value) ? 'int64' : 'float64'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

/** The type of a JSON value as the errors of Go's encoding/json name it. */
export function jsonTypeOf(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'bigint' || value instanceof WholeFloat) return 'number'
  return typeof value === 'boolean' ? 'bool' : typeof value
}
