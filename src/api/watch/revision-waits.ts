import type { Revision } from '../../store/store.ts'

interface Wait {
  readonly revision: Revision
  readonly done: () => void
}

/** Those who wait for a revision to come. */
export class RevisionWaits {
  readonly #waits = new Set<Wait>()

  /** Resolves when `revision` has come (`reached`), or after `ms`. */
  until(revision: Revision, ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const wait: Wait = {
      revision,
      done: () => {
        this.#waits.delete(wait)
        clearTimeout(timer)
        resolve()
      },
    }
    const timer = setTimeout(wait.done, ms)
    this.#waits.add(wait)
    return promise
  }

  reached(revision: Revision): void {
    // Nearly always there is nobody.
    if (this.#waits.size > 0) for (const wait of this.#waits) if (wait.revision <= revision) wait.done()
  }
}
