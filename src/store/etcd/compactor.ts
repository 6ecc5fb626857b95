import type { Revision } from '../store.ts'
import type { EtcdApi } from './api.ts'
import type { Layout } from './layout.ts'

/** Forgets what is older than one or two intervals. Of several servers one does it each time: who wins the write of `layout.window`. */
export class Compactor {
  readonly #api: EtcdApi
  readonly #layout: Layout
  readonly #onCompacted: (revision: Revision) => void
  readonly #timer: NodeJS.Timeout
  /** The revision that wrote `layout.window` last, as far as known here. */
  #turn: Revision = 0
  /** The newest revision one interval ago. */
  #before: Revision = 0

  constructor(api: EtcdApi, layout: Layout, everyMs: number, onCompacted: (revision: Revision) => void) {
    this.#api = api
    this.#layout = layout
    this.#onCompacted = onCompacted
    this.#timer = setInterval(() => {
      // What fails is done at the next turn.
      this.turn().catch(() => {})
    }, everyMs)
    this.#timer.unref()
  }

  async turn(): Promise<void> {
    const { window } = this.#layout
    const { succeeded, revision, ranges } = await this.#api.txn({
      compare: [{ key: window, modified: this.#turn }],
      success: [{ put: { key: window, value: Buffer.from(String(this.#before)) } }],
      failure: [{ range: { key: window } }],
    })
    const target = this.#before
    this.#before = revision
    this.#turn = succeeded ? revision : (ranges[0]?.kvs[0]?.modified ?? 0)
    if (!succeeded) this.#onCompacted(Number(ranges[0]?.kvs[0]?.value.toString() ?? 0))
    if (!succeeded || target === 0) return
    await this.#api.compact(target)
    this.#onCompacted(target)
  }

  close(): void {
    clearInterval(this.#timer)
  }
}
