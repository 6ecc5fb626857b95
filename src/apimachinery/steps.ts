import { setImmediate } from 'node:timers/promises'

/** Work that can be laid down at each `yield`: all at once for what is small, in turns of the event loop for what may be large. */
export type Steps<T> = Generator<void, T, void>

/** So long others wait at most, if no step takes longer. */
const turnMs = 4

/** Does all of it now. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** Does it in as many turns of the event loop as it needs. */
export async function inTurns<T>(steps: Steps<T>): Promise<T> {
  let started = performance.now()
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    if (performance.now() - started < turnMs) continue
    await setImmediate()
    started = performance.now()
  }
}
