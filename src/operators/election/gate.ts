/** A time in which this process may work: from being elected until the lease is lost; always, without election. */
export interface Term {
  /** Rises with every change of the leader, from 1; 0 without election. */
  readonly number: number
  /** Aborts when the term ends. */
  readonly signal: AbortSignal
  /** Whether it lasts by our own clock: a process that slept notices before its timers do. */
  isHeld(): boolean
}

/** Says when work may be done. */
export interface Gate {
  /** The term that runs now, if any. */
  current(): Term | undefined
  /** Resolves with the term that runs or the next one; with undefined when `signal` aborts first. */
  entered(signal: AbortSignal): Promise<Term | undefined>
}

const always: Term = { number: 0, signal: new AbortController().signal, isHeld: () => true }

export const alwaysOpen: Gate = {
  current: () => always,
  entered: async (signal) => (signal.aborted ? undefined : always),
}

/** A gate that is opened for a term and closes when that ends. */
export function createGate(): Gate & { open(term: Term): void } {
  let term: Term | undefined
  let opened = Promise.withResolvers<void>()
  const current = () => (term && !term.signal.aborted && term.isHeld() ? term : undefined)
  return {
    current,
    async entered(signal) {
      const aborted = Promise.withResolvers<void>()
      const abort = () => aborted.resolve()
      signal.addEventListener('abort', abort, { once: true })
      while (!signal.aborted && !current()) await Promise.race([opened.promise, aborted.promise])
      signal.removeEventListener('abort', abort)
      return signal.aborted ? undefined : current()
    },
    open(next) {
      term = next
      opened.resolve()
      next.signal.addEventListener('abort', () => {
        opened = Promise.withResolvers()
      })
    },
  }
}
