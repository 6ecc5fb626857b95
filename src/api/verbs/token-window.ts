/** As long as kube-apiserver's compaction lets a list be continued at the least. */
const keptMs = 5 * 60_000
const sampleMs = 1000

/**
 * How long a list may be continued: clients that page too slowly are told so (410), however long the store keeps what was.
 * Revisions and the times at which they were first handed out, oldest first.
 */
export class TokenWindow {
  readonly #samples: { readonly revision: number; readonly at: number }[] = []
  #expired = 0

  /** Notes that a token for `revision` is handed out at `now` (milliseconds). */
  issued(revision: number, now: number): void {
    const last = this.#samples.at(-1)
    if (last && (last.revision >= revision || now - last.at < sampleMs)) return
    this.#samples.push({ revision, at: now })
  }

  isExpired(revision: number, now: number): boolean {
    for (let first = this.#samples[0]; first && first.at <= now - keptMs; first = this.#samples[0]) {
      this.#expired = first.revision
      this.#samples.shift()
    }
    return revision <= this.#expired
  }
}
