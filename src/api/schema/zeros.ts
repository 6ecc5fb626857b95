import type { ScalarKind } from './types.ts'

/** Go's zero values as JSON writes them, by scalar; those that are not here are null. */
export const zeros: Partial<Record<ScalarKind, unknown>> = {
  string: '',
  bool: false,
  int32: 0,
  int64: 0,
  float64: 0,
  Quantity: '0',
  IntOrString: 0,
  Duration: '0s',
}
