import type { Revision } from '../../store/store.ts'
import { restamp } from './serialize.ts'
import { Stored } from './stored.ts'

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED'

/** A change of one object. Shared by all watches; what they send of it is encoded once for all (`frames`). */
export class CacheEvent {
  readonly key: string
  readonly revision: Revision
  readonly now: Stored | undefined
  readonly before: Stored | undefined
  readonly frames = new Map<string, Uint8Array>()
  /** As watches tell of it; one for all. */
  readonly item: { readonly kind: 'event'; readonly event: CacheEvent } = { kind: 'event', event: this }
  #last: Stored | undefined

  constructor(key: string, revision: Revision, now: Stored | undefined, before: Stored | undefined) {
    this.key = key
    this.revision = revision
    this.now = now
    this.before = before
  }

  /** The object as this event shows it: as it is now, or as it was last, at the revision of its removal. */
  get subject(): Stored {
    if (this.now) return this.now
    this.#last ??= this.#lastState()
    return this.#last
  }

  #lastState(): Stored {
    if (!this.before) throw new Error(`${this.key}: removed at ${this.revision} without having been there`)
    return new Stored(this.key, restamp(this.before.bytes, this.revision), this.revision)
  }

  /** What a watch that sees only what `matches` makes of it; undefined: nothing. */
  typeFor(matches: ((stored: Stored) => boolean) | undefined): EventType | undefined {
    const was = this.before !== undefined && (!matches || matches(this.before))
    const is = this.now !== undefined && (!matches || matches(this.now))
    if (is) return was ? 'MODIFIED' : 'ADDED'
    return was ? 'DELETED' : undefined
  }

  /** The object to show with `typeFor`'s answer: when it left the selection it is shown as it was, at this revision. */
  shown(type: EventType): Stored {
    if (type !== 'DELETED' || !this.now) return this.subject
    this.#last ??= this.#lastState()
    return this.#last
  }
}
