import { goJson } from '../../apimachinery/go-quote.ts'
import { internal } from '../schema/internal.ts'
import { unifiedDiff } from './unified-diff.ts'

/** The difference that a message about an immutable struct carries: `type` is the internal struct, e.g. `core.PodSpec`. */
export function structDiff(type: string, old: object | undefined, now: object | undefined): string {
  const text = (value: object | undefined): string => goJson(internal(type, value), 1)
  return unifiedDiff(text(old), text(now))
}
