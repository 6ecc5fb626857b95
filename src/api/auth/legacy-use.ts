import type { Secret } from '../../apimachinery/kinds.generated.ts'
import { secrets } from '../../apimachinery/resources.generated.ts'
import { update } from '../own-requests.ts'
import type { HandleRequest } from '../request.ts'

const lastUsed = 'kubernetes.io/legacy-token-last-used'
const day = 86_400_000

/** Notes on Secrets the day on which their tokens were last used, so that those nobody uses can be found. */
export class LegacyUse {
  readonly #handle: () => HandleRequest
  readonly #now: () => number
  /** Being written. */
  readonly #writing = new Set<string>()

  constructor(handle: () => HandleRequest, now: () => number = Date.now) {
    this.#handle = handle
    this.#now = now
  }

  readonly seen = (secret: Secret): void => {
    const { uid = '', labels } = secret.metadata
    const today = dateOf(this.#now())
    // A server whose clock is ahead may have been asked.
    if ([today, dateOf(this.#now() + day)].includes(labels?.[lastUsed] ?? '') || this.#writing.has(uid)) return
    this.#writing.add(uid)
    const marked = { ...secret, metadata: { ...secret.metadata, labels: { ...labels, [lastUsed]: today } } }
    update(this.#handle(), secrets, marked)
      // Somebody else wrote it: the next use notes it.
      .catch(() => {})
      .finally(() => this.#writing.delete(uid))
  }
}

const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
