import { timeText } from '../apimachinery/clock.ts'

/** A condition as the kinds of Kubernetes have it; some kinds have more fields. */
export interface AnyCondition {
  type: string
  status: string
  reason?: string
  message?: string
  lastTransitionTime?: string
  observedGeneration?: number
}

/** The condition of a type; undefined where there is none. */
export function findCondition<C extends AnyCondition>(conditions: readonly C[] | undefined, type: string): C | undefined {
  return conditions?.find((c) => c.type === type)
}

/** Whether the condition of a type is there, and `True`. */
export const isTrue = (conditions: readonly AnyCondition[] | undefined, type: string): boolean =>
  findCondition(conditions, type)?.status === 'True'

/** `conditions` with `next` in its place. lastTransitionTime moves only when `status` does. */
export function withCondition<C extends AnyCondition>(conditions: readonly C[] | undefined, next: C, now: number): C[] {
  const before = findCondition(conditions, next.type)
  const lastTransitionTime =
    before?.status === next.status && before.lastTransitionTime ? before.lastTransitionTime : timeText(now)
  const entry: C = { ...next, lastTransitionTime }
  return before ? (conditions ?? []).map((c) => (c.type === next.type ? entry : c)) : [...(conditions ?? []), entry]
}

export function withoutCondition<C extends AnyCondition>(conditions: readonly C[] | undefined, type: string): C[] {
  return (conditions ?? []).filter((c) => c.type !== type)
}
