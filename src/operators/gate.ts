/** A time in which this process may work: from being elected until the lease is lost; always, without election. */
export interface Term {
  /** Rises with every change of the leader. */
  readonly number: number
  /** Aborts when the term ends. */
  readonly signal: AbortSignal
}

/** Says when work may be done. */
export interface Gate {
  /** The term that runs now, if any. */
  current(): Term | undefined
  /** Resolves with the term that runs or the next one; with undefined when `signal` aborts first. */
  entered(signal: AbortSignal): Promise<Term | undefined>
}

export const alwaysOpen: Gate = gateOf({ number: 0, signal: new AbortController().signal })

function gateOf(term: Term): Gate {
  return { current: () => term, entered: async (signal) => (signal.aborted ? undefined : term) }
}

/** A gate that is opened for a term and closed again, by who was elected. */
export function createGate(): Gate & { open(term: Term): void } {
  let term: Term | undefined
  let opened = Promise.withResolvers<void>()
  const current = () => (term && !term.signal.aborted ? term : undefined)
  return {
    current,
    async entered(signal) {
      const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
      while (!signal.aborted) {
        const now = current()
        if (now) return now
        await Promise.race([opened.promise, aborted])
      }
      return undefined
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
