import type { AdmissionRequest } from './admission.ts'

/** What mutating policies and webhooks remember of one write, between the first pass of the chain and the second. */
export interface Reinvocation {
  /** The chain runs for the second time. */
  isSecond: boolean
  /** Something changed the object after built-in plugins had seen it: they look at it again. */
  isWanted: boolean
  /** Those that asked to be called again when others change the object after them, by id. */
  readonly candidates: Set<string>
  /** Those of them whose object others have changed since. */
  readonly due: Set<string>
}

const states = new WeakMap<AdmissionRequest, Reinvocation>()

export function reinvocationOf(request: AdmissionRequest): Reinvocation {
  const state = states.get(request) ?? { isSecond: false, isWanted: false, candidates: new Set(), due: new Set() }
  states.set(request, state)
  return state
}

/** As `reinvocationOf`; undefined when no policy or webhook has had a turn. */
export const knownReinvocation = (request: AdmissionRequest): Reinvocation | undefined => states.get(request)

/** Whether the mutation `id` has its turn in this pass: always in the first; in the second only when it asked and others changed something. */
export const hasTurn = (state: Reinvocation, id: string): boolean => !state.isSecond || state.due.has(id)

/** Notes that `id` ran, and whether it `changed` the object. */
export function noteRun(state: Reinvocation, id: string, changed: boolean, policy: string | undefined): void {
  if (changed) {
    for (const other of state.candidates) state.due.add(other)
    state.isWanted = true
  }
  if (policy === 'IfNeeded') state.candidates.add(id)
}

/** Notes that policies have `mutated` the object, if only to what it was: in kube-apiserver those that asked run again after their own changes, too. */
export function notePolicies(state: Reinvocation, mutated: boolean): void {
  if (!mutated || state.isSecond) return
  for (const own of state.candidates) state.due.add(own)
  state.isWanted = true
}
