import { type CelError, CostLimitExceeded, type Value } from './values.ts'

/** The variables of one evaluation, by full name. */
export type Bindings = Readonly<Record<string, Value>>

/** An accumulator whose last step failed: reading it fails in the same way. */
export class ErrorHolder {
  readonly error: CelError
  constructor(error: CelError) {
    this.error = error
  }
}

/** The state of one evaluation. */
export interface Frame {
  readonly bindings: Bindings
  readonly locals: (Value | ErrorHolder)[]
  /** Units used so far. */
  cost: number
  readonly limit: number
}

export type Compiled = (frame: Frame) => Value

/** Counts `units` of work. Throws CostLimitExceeded past the limit. */
export function spend(frame: Frame, units: number): void {
  frame.cost += units
  if (frame.cost > frame.limit) throw new CostLimitExceeded()
}
