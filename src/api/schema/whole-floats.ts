import { alphabetical } from '../../apimachinery/key-order.ts'

/** Objects that have a `WholeFloat`, as read; copies of them are not known. */
const withFloats = new WeakSet<object>()

/** Whether `object` was marked: nearly none is, and to look through each would take as long as to write it. */
export const hasFloats = (object: object): boolean => withFloats.has(object)

export function markFloats(object: object): void {
  withFloats.add(object)
}

/** `object` as it is when it was written and read again. */
export const withoutFloats = <T extends object>(object: T): T => (withFloats.has(object) ? (alphabetical(object) as T) : object)
