import { setImmediate } from 'node:timers/promises'

/**
 * Work that can be laid down at each `yield`: all at once for what is small, in turns of the event loop for what may be large. A promise that is
 * yielded is waited for (`awaited`).
 */
export type Steps<T> = Generator<Promise<unknown> | undefined, T, void>

/** So long others wait at most, if no step takes longer. */
export const turnMs = 4

/** A step that needs what may not be there yet. */
export function* awaited<T>(value: T | Promise<T>): Steps<T> {
  if (!(value instanceof Promise)) return value
  const found: T[] = []
  yield value.then((it) => void found.push(it))
  return found[0] as T
}

/** Does all of it now. Throws when there is something to wait for: that is for `promptly` and `inTurns`. */
export function atOnce<T>(steps: Steps<T>): T {
  const step = untilWait(steps, steps.next())
  if (!step.done) throw new Error('these steps wait for something')
  return step.value
}

/** Does it now as far as there is nothing to wait for. */
export function promptly<T>(steps: Steps<T>): T | Promise<T> {
  const step = untilWait(steps, steps.next())
  return step.done ? step.value : afterWait(steps, step)
}

type Step<T> = IteratorResult<Promise<unknown> | undefined, T>

function untilWait<T>(steps: Steps<T>, first: Step<T>): Step<T> {
  let step = first
  while (!step.done && !step.value) step = steps.next()
  return step
}

async function afterWait<T>(steps: Steps<T>, waiting: Step<T>): Promise<T> {
  for (let step = waiting; ; step = untilWait(steps, await waited(steps, step.value))) if (step.done) return step.value
}

/** The step after `wait`, whose failure the work may catch. */
async function waited<T>(steps: Steps<T>, wait: Promise<unknown> | undefined): Promise<Step<T>> {
  try {
    await wait
  } catch (error) {
    return steps.throw(error)
  }
  return steps.next()
}

/** Does it in as many turns of the event loop as it needs. */
export function inTurns<T>(steps: Steps<T>): Promise<T> {
  return turnsFrom(steps, performance.now())
}

async function turnsFrom<T>(steps: Steps<T>, since: number, first?: Step<T>): Promise<T> {
  let started = since
  let step = first ?? steps.next()
  for (;;) {
    if (step.done) return step.value
    if (step.value) {
      step = await waited(steps, step.value)
      started = performance.now()
      continue
    }
    if (performance.now() - started >= turnMs) {
      await setImmediate()
      started = performance.now()
    }
    step = steps.next()
  }
}

/** Does it now if that is done in one turn, else in as many as it needs: most that is asked often is answered without a promise. */
export function soon<T>(steps: Steps<T>): T | Promise<T> {
  const started = performance.now()
  let step = steps.next()
  while (!step.done && !step.value && performance.now() - started < turnMs) step = steps.next()
  return step.done ? step.value : turnsFrom(steps, started, step)
}

/** For loops that wait for what is often there at once: gives others a turn, if the loops have had one for long, all of them together. */
export function pauses(): () => Promise<void> | undefined {
  let started = performance.now()
  let pause: Promise<void> | undefined
  return () => {
    if (pause || performance.now() - started < turnMs) return pause
    pause = setImmediate().then(() => {
      started = performance.now()
      pause = undefined
    })
    return pause
  }
}
