import type { Change, Range, RangeOptions, Revision, Store, StoreEvent, Versioned, Watcher } from '../store.ts'
import { withoutRevision, withRevision } from '../template.ts'
import { type EncryptionRule, split } from './configuration.ts'
import { EventLine } from './event-line.ts'
import { type Sealer, sealedPrefix } from './providers.ts'

/** A value that none of the configured keys opens. */
class Undecryptable extends Error {
  readonly why: string
  constructor(key: string, why: string) {
    super(`${key} cannot be decrypted: ${why}`)
    this.why = why
    this.name = 'Undecryptable'
  }
}

/** A value whose key cannot be used for writing now. */
export class Unsealable extends Error {
  readonly key: string
  constructor(key: string, why: string) {
    super(why)
    this.key = key
    this.name = 'Unsealable'
  }
}

/**
 * A store whose values of some resources are sealed in `inner`. Where a value's key must first be fetched, reads wait for it, and so do events
 * and all that follow them: nobody sees a revision whose values cannot be opened yet.
 */
export class EncryptedStore implements Store {
  readonly #inner: Store
  #rules: readonly EncryptionRule[]
  /** By `/registry/group/resource/`. */
  readonly #byPrefix = new Map<string, EncryptionRule | undefined>()
  /** The changes whose sealed bytes these are: what this process wrote need not be opened again. */
  readonly #own = new WeakMap<Uint8Array, Change>()
  readonly #line: EventLine
  /** Whether there are keys that must be fetched. */
  #fetches = false

  constructor(inner: Store, rules: readonly EncryptionRule[]) {
    this.#inner = inner
    this.#rules = rules
    this.use(rules)
    this.#line = new EventLine(inner, (events) =>
      this.#fetches ? all(events.map((e) => e.value && this.#prepared(e.key, e.value))) : undefined,
    )
  }

  /** From now on values are sealed and opened by these. */
  use(rules: readonly EncryptionRule[]): void {
    this.#rules = rules
    this.#fetches = rules.some((rule) => rule.providers.some((p) => p?.prepare))
    this.#byPrefix.clear()
  }

  get revision(): Revision {
    return this.#line.delivered ?? this.#inner.revision
  }

  get compacted(): Revision {
    return this.#inner.compacted
  }

  current(): Revision | Promise<Revision> {
    const current = this.#inner.current()
    if (current instanceof Promise) return current.then((r) => this.#line.reached(r) ?? r)
    return this.#line.reached(current) ?? current
  }

  get(key: string, revision?: Revision): Versioned | undefined | Promise<Versioned | undefined> {
    const open = (v: Versioned | undefined) => {
      const waits = v && this.#prepared(v.key, v.value)
      return waits ? waits.then(() => this.#opened(v)) : v && this.#opened(v)
    }
    const found = this.#inner.get(key, revision)
    return found instanceof Promise ? found.then(open) : open(found)
  }

  range(prefix: string, options?: RangeOptions): Range | Promise<Range> {
    const openItem = (v: Versioned) => (options?.unreadable ? this.#openedOrTold(v) : this.#opened(v))
    const opened = (range: Range): Range => ({ ...range, items: range.items.map(openItem) })
    const open = (range: Range) => {
      const waits = this.#fetches ? all(range.items.map((v) => this.#prepared(v.key, v.value))) : undefined
      return waits ? waits.then(() => opened(range)) : opened(range)
    }
    const found = this.#inner.range(prefix, options)
    // One resource, which is kept as it is.
    if (prefix.split('/').length > 4 && !this.#ruleOf(prefix)) return found
    return found instanceof Promise ? found.then(open) : open(found)
  }

  count(prefix: string): number | Promise<number> {
    return this.#inner.count(prefix)
  }

  async commit(changes: readonly Change[], note?: string): Promise<Revision> {
    const revision = await this.#inner.commit(
      changes.map((change) => this.sealed(change)),
      note,
    )
    const waits = this.#line.reached(revision)
    return waits ? await waits : revision
  }

  async versions(key: string): Promise<readonly StoreEvent[]> {
    return this.#fetchedEvents(await this.#inner.versions(key))
  }

  noteAt(revision: Revision): string | undefined | Promise<string | undefined> {
    return this.#inner.noteAt(revision)
  }

  async watch(prefix: string, since: Revision): Promise<Watcher> {
    const watcher = await this.#inner.watch(prefix, since)
    const opened = async function* (this: EncryptedStore): AsyncGenerator<readonly StoreEvent[]> {
      for await (const events of watcher) yield await this.#fetchedEvents(events)
    }
    return { [Symbol.asyncIterator]: () => opened.call(this), close: () => watcher.close() }
  }

  subscribe(listener: (events: readonly StoreEvent[]) => void, onLost?: (revision: Revision) => Promise<void>): () => void {
    return this.#line.subscribe((events) => listener(this.#openedEvents(events, 'told')), onLost)
  }

  compact(revision: Revision): Promise<void> {
    return this.#inner.compact(revision)
  }

  async history(
    prefix: string,
    options?: { readonly since?: Revision; readonly limit?: number },
  ): Promise<readonly StoreEvent[]> {
    return this.#fetchedEvents(await this.#inner.history(prefix, options))
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  /** The values that the first provider of their rule did not write, but one of the others, in pages. */
  async *stale(): AsyncGenerator<readonly Versioned[]> {
    for (const prefix of new Set(this.#rules.flatMap((rule) => rule.resources.flatMap(prefixesOf)))) {
      for (let after: string | undefined; ; ) {
        const page = await this.#inner.range(prefix, { limit: 200, ...(after === undefined ? {} : { after }) })
        const old = page.items.filter((item) => {
          const rule = this.#ruleOf(item.key)
          return rule && !isAsNow(rule.providers[0], item.value)
        })
        await all(old.map((v) => this.#prepared(v.key, v.value)))
        const readable = old.map((item) => this.#openedOrTold(item)).filter((item) => item.unreadable === undefined)
        if (readable.length > 0) yield readable
        if (page.remaining === 0) break
        after = page.items.at(-1)?.key
      }
    }
  }

  #ruleOf(key: string): EncryptionRule | undefined {
    const group = key.indexOf('/', '/registry/'.length)
    const prefix = key.slice(0, key.indexOf('/', group + 1) + 1)
    if (this.#byPrefix.has(prefix)) return this.#byPrefix.get(prefix)
    const rule = ruleFor(this.#rules, prefix)
    this.#byPrefix.set(prefix, rule)
    return rule
  }

  /** The change as the engine gets it. */
  sealed(change: Change): Change {
    const sealer = this.#ruleOf(change.key)?.providers[0]
    const plain = sealer && withoutRevision(change)
    if (!plain) return change
    const { key, expected } = change
    const value = Buffer.concat([Buffer.from(sealer.prefix), sealedBy(sealer, plain, key)])
    this.#own.set(value, change)
    return expected === undefined ? { key, value } : { key, value, expected }
  }

  /** Fetches what the value's key needs to be opened; undefined when that is nothing. */
  #prepared(key: string, value: Uint8Array): Promise<void> | undefined {
    if (!this.#fetches) return undefined
    const rule = this.#ruleOf(key)
    if (!rule || this.#own.has(value)) return undefined
    const sealer = rule.providers.find((p) => p?.prepare && isWrittenBy(p, value))
    if (!sealer) return undefined
    try {
      return sealer.prepare?.(sealedPart(sealer, value))?.catch((error: Error) => {
        throw new Undecryptable(key, error.message)
      })
    } catch (error) {
      throw new Undecryptable(key, (error as Error).message)
    }
  }

  /** Events of the past: what was there before each is opened, too. */
  async #fetchedEvents(events: readonly StoreEvent[]): Promise<readonly StoreEvent[]> {
    await all(
      events.flatMap((e) => {
        if (!this.#fetches || !this.#ruleOf(e.key)) return []
        return [e.value, e.previous].map((value) => value && this.#prepared(e.key, value))
      }),
    )
    return this.#openedEvents(events)
  }

  #opened(v: Versioned): Versioned {
    const value = this.#open(v.key, v.value, v.revision)
    return value === v.value ? v : { ...v, value }
  }

  #openedOrTold(v: Versioned): Versioned {
    try {
      return this.#opened(v)
    } catch (error) {
      if (!(error instanceof Undecryptable)) throw error
      return { ...v, unreadable: error.why }
    }
  }

  #openedEvents(events: readonly StoreEvent[], unreadable?: 'told'): readonly StoreEvent[] {
    if (!events.some((e) => this.#ruleOf(e.key))) return events
    return events.map((e) => {
      if (!this.#ruleOf(e.key)) return e
      return new OpenedEvent(e, (value, revision) => this.#open(e.key, value, revision), unreadable)
    })
  }

  #open(key: string, value: Uint8Array, revision: Revision): Uint8Array {
    const rule = this.#ruleOf(key)
    if (!rule) return value
    const own = this.#own.get(value)
    if (own) return own.stamp ? own.stamp.at(revision) : (own.value ?? value)
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    if (!bytes.subarray(0, sealedPrefix.length).equals(sealedPrefix)) {
      if (rule.providers.includes(undefined)) return value
      throw new Undecryptable(key, 'it is not encrypted, and the configuration has no identity provider for it')
    }
    return withRevision(openWith(rule, key, bytes), revision)
  }
}

/** undefined: there is nothing to wait for. */
function all(waits: readonly (Promise<void> | undefined)[]): Promise<void> | undefined {
  const running = waits.filter((w) => w !== undefined)
  return running.length === 0 ? undefined : Promise.all(running).then(() => {})
}

function sealedBy(sealer: Sealer, plain: Buffer, key: string): Buffer {
  try {
    return sealer.seal(plain, key)
  } catch (error) {
    throw new Unsealable(key, (error as Error).message)
  }
}

/** Opened when it is asked for. */
class OpenedEvent implements StoreEvent {
  readonly type: StoreEvent['type']
  readonly key: string
  readonly revision: Revision
  readonly value: Uint8Array | undefined
  readonly previousRevision: Revision | undefined
  readonly note: string | undefined
  readonly unreadable: string | undefined
  readonly #sealed: StoreEvent
  readonly #open: (value: Uint8Array, revision: Revision) => Uint8Array
  readonly #tells: boolean

  constructor(sealed: StoreEvent, open: (value: Uint8Array, revision: Revision) => Uint8Array, unreadable?: 'told') {
    this.type = sealed.type
    this.key = sealed.key
    this.revision = sealed.revision
    this.previousRevision = sealed.previousRevision
    this.note = sealed.note
    this.#sealed = sealed
    this.#open = open
    this.#tells = unreadable === 'told'
    let { value } = sealed
    try {
      value &&= open(value, sealed.revision)
    } catch (error) {
      if (!this.#tells || !(error instanceof Undecryptable)) throw error
      this.unreadable = error.why
    }
    this.value = value
  }

  get previous(): Uint8Array | undefined {
    const { previous } = this.#sealed
    try {
      return previous && this.#open(previous, this.previousRevision ?? 0)
    } catch (error) {
      if (!this.#tells || !(error instanceof Undecryptable)) throw error
      return undefined
    }
  }
}

/** The first rule that names the resource kept under `/registry/group/resource/`. */
function ruleFor(rules: readonly EncryptionRule[], prefix: string): EncryptionRule | undefined {
  const [, root, kept = '', resource = ''] = prefix.split('/')
  if (root !== 'registry' || resource === '') return undefined
  // Events of both groups are kept as those of the core group are named.
  const group = kept === 'core' || (kept === 'events.k8s.io' && resource === 'events') ? '' : kept
  return rules.find((rule) =>
    rule.resources.some((name) => {
      const wanted = split(name)
      if (name === '*.*') return true
      return wanted.group === group && (wanted.resource === '*' || wanted.resource === resource)
    }),
  )
}

/** Where what a rule names may be kept. */
function prefixesOf(name: string): string[] {
  const { resource, group } = split(name)
  if (name === '*.*') return ['/registry/']
  const groups = resource === 'events' && group === '' ? ['core', 'events.k8s.io'] : [group || 'core']
  return groups.map((g) => (resource === '*' ? `/registry/${g}/` : `/registry/${g}/${resource}/`))
}

function isWrittenBy(sealer: Sealer | undefined, value: Uint8Array): boolean {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if (!sealer) return !bytes.subarray(0, sealedPrefix.length).equals(sealedPrefix)
  return bytes.subarray(0, sealer.prefix.length).equals(Buffer.from(sealer.prefix))
}

function isAsNow(sealer: Sealer | undefined, value: Uint8Array): boolean {
  return isWrittenBy(sealer, value) && (!sealer?.isCurrent || sealer.isCurrent(sealedPart(sealer, value)))
}

function sealedPart(sealer: Sealer, value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).subarray(sealer.prefix.length)
}

/** Every key whose prefix it has is tried: two may have one name. */
function openWith({ providers }: EncryptionRule, key: string, value: Buffer): Buffer {
  let failure = 'no configured provider has the key that wrote it; give it by --encryption-provider-config'
  for (const sealer of providers) {
    if (!sealer || !isWrittenBy(sealer, value)) continue
    try {
      return sealer.open(value.subarray(sealer.prefix.length), key)
    } catch (error) {
      failure = (error as Error).message
    }
  }
  throw new Undecryptable(key, failure)
}
