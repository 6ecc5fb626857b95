import { goJson } from '../../apimachinery/go-quote.ts'
import { atOnce, type Steps } from '../../apimachinery/steps.ts'
import { internal } from '../schema/internal.ts'
import { unifiedDiffSteps } from './unified-diff.ts'

/** The difference that a message about an immutable struct carries: `type` is the internal struct, e.g. `core.PodSpec`. */
export const structDiff = (...given: Parameters<typeof structDiffSteps>): string => atOnce(structDiffSteps(...given))

/** As `structDiff`, of structs that may be large. */
export function* structDiffSteps(type: string, old: object | undefined, now: object | undefined): Steps<string> {
  const text = (value: object | undefined): string => goJson(internal(type, value), 1)
  const before = text(old)
  yield
  const after = text(now)
  yield
  return yield* unifiedDiffSteps(before, after)
}
