/** A least and a most, of a size or of a cost. Both saturate at 2^64, as unsigned 64-bit counters do. */
export interface Range {
  readonly min: number
  readonly max: number
}

export const UNBOUNDED = 2 ** 64

export const STRING_TRAVERSAL = 0.1
export const REGEX_LENGTH = 0.25
export const LIST_CREATE = 10
export const MAP_CREATE = 30
export const STRUCT_CREATE = 40

export const fixed = (value: number): Range => ({ min: value, max: value })
export const UNKNOWN: Range = { min: 0, max: UNBOUNDED }
export const ZERO: Range = fixed(0)
export const ONE: Range = fixed(1)

const cap = (value: number): number => Math.min(value, UNBOUNDED)
const times = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : cap(a * b))

export const add = (a: Range, b: Range): Range => ({ min: cap(a.min + b.min), max: cap(a.max + b.max) })
export const multiply = (a: Range, b: Range): Range => ({ min: times(a.min, b.min), max: times(a.max, b.max) })
export const scale = (a: Range, factor: number): Range => ({
  min: Math.ceil(times(a.min, factor)),
  max: Math.ceil(times(a.max, factor)),
})
export const union = (a: Range, b: Range): Range => ({ min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) })
