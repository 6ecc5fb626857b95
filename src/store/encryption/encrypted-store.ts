import type { Change, Range, RangeOptions, Revision, Store, StoreEvent, Versioned, Watcher } from '../store.ts'
import { withoutRevision, withRevision } from '../template.ts'
import { type EncryptionRule, split } from './configuration.ts'
import { type Sealer, sealedPrefix } from './providers.ts'

/** A value that none of the configured keys opens. */
export class Undecryptable extends Error {
  constructor(key: string, why: string) {
    super(`${key} cannot be decrypted: ${why}; give the key that wrote it by --encryption-provider-config`)
    this.name = 'Undecryptable'
  }
}

/** A store whose values of some resources are sealed in `inner`. */
export class EncryptedStore implements Store {
  readonly #inner: Store
  readonly #rules: readonly EncryptionRule[]
  /** By `/registry/group/resource/`. */
  readonly #byPrefix = new Map<string, EncryptionRule | undefined>()
  /** The changes whose sealed bytes these are: what this process wrote need not be opened again. */
  readonly #own = new WeakMap<Uint8Array, Change>()

  constructor(inner: Store, rules: readonly EncryptionRule[]) {
    this.#inner = inner
    this.#rules = rules
  }

  get revision(): Revision {
    return this.#inner.revision
  }

  get compacted(): Revision {
    return this.#inner.compacted
  }

  current(): Revision | Promise<Revision> {
    return this.#inner.current()
  }

  get(key: string, revision?: Revision): Versioned | undefined | Promise<Versioned | undefined> {
    const found = this.#inner.get(key, revision)
    return found instanceof Promise ? found.then((v) => v && this.#opened(v)) : found && this.#opened(found)
  }

  range(prefix: string, options?: RangeOptions): Range | Promise<Range> {
    const open = (range: Range): Range => ({ ...range, items: range.items.map((v) => this.#opened(v)) })
    const found = this.#inner.range(prefix, options)
    // One resource, which is kept as it is.
    if (prefix.split('/').length > 4 && !this.#ruleOf(prefix)) return found
    return found instanceof Promise ? found.then(open) : open(found)
  }

  count(prefix: string): number | Promise<number> {
    return this.#inner.count(prefix)
  }

  commit(changes: readonly Change[], note?: string): Promise<Revision> {
    return this.#inner.commit(
      changes.map((change) => this.sealed(change)),
      note,
    )
  }

  async versions(key: string): Promise<readonly StoreEvent[]> {
    return this.#openedEvents(await this.#inner.versions(key))
  }

  noteAt(revision: Revision): string | undefined | Promise<string | undefined> {
    return this.#inner.noteAt(revision)
  }

  async watch(prefix: string, since: Revision): Promise<Watcher> {
    const watcher = await this.#inner.watch(prefix, since)
    const opened = async function* (this: EncryptedStore): AsyncGenerator<readonly StoreEvent[]> {
      for await (const events of watcher) yield this.#openedEvents(events)
    }
    return { [Symbol.asyncIterator]: () => opened.call(this), close: () => watcher.close() }
  }

  subscribe(listener: (events: readonly StoreEvent[]) => void, onLost?: (revision: Revision) => Promise<void>): () => void {
    return this.#inner.subscribe((events) => listener(this.#openedEvents(events)), onLost)
  }

  compact(revision: Revision): Promise<void> {
    return this.#inner.compact(revision)
  }

  async history(
    prefix: string,
    options?: { readonly since?: Revision; readonly limit?: number },
  ): Promise<readonly StoreEvent[]> {
    return this.#openedEvents(await this.#inner.history(prefix, options))
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  /** The values that the first provider of their rule did not write, in pages. */
  async *stale(): AsyncGenerator<readonly Versioned[]> {
    for (const prefix of new Set(this.#rules.flatMap((rule) => rule.resources.flatMap(prefixesOf)))) {
      for (let after: string | undefined; ; ) {
        const page = await this.#inner.range(prefix, { limit: 200, ...(after === undefined ? {} : { after }) })
        const old = page.items.filter((item) => {
          const rule = this.#ruleOf(item.key)
          return rule && !isWrittenBy(rule.providers[0], item.value)
        })
        if (old.length > 0) yield old.map((item) => this.#opened(item))
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
    const value = Buffer.concat([Buffer.from(sealer.prefix), sealer.seal(plain, key)])
    this.#own.set(value, change)
    return expected === undefined ? { key, value } : { key, value, expected }
  }

  #opened(v: Versioned): Versioned {
    const value = this.#open(v.key, v.value, v.revision)
    return value === v.value ? v : { ...v, value }
  }

  #openedEvents(events: readonly StoreEvent[]): readonly StoreEvent[] {
    if (!events.some((e) => this.#ruleOf(e.key))) return events
    return events.map((e) =>
      this.#ruleOf(e.key) ? new OpenedEvent(e, (value, revision) => this.#open(e.key, value, revision)) : e,
    )
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

/** Opened when it is asked for. */
class OpenedEvent implements StoreEvent {
  readonly type: StoreEvent['type']
  readonly key: string
  readonly revision: Revision
  readonly value: Uint8Array | undefined
  readonly previousRevision: Revision
  readonly note: string | undefined
  readonly #sealed: StoreEvent
  readonly #open: (value: Uint8Array, revision: Revision) => Uint8Array

  constructor(sealed: StoreEvent, open: (value: Uint8Array, revision: Revision) => Uint8Array) {
    this.type = sealed.type
    this.key = sealed.key
    this.revision = sealed.revision
    this.value = sealed.value && open(sealed.value, sealed.revision)
    this.previousRevision = sealed.previousRevision
    this.note = sealed.note
    this.#sealed = sealed
    this.#open = open
  }

  get previous(): Uint8Array | undefined {
    return this.#sealed.previous && this.#open(this.#sealed.previous, this.previousRevision)
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

/** Every key whose prefix it has is tried: two may have one name. */
function openWith({ providers }: EncryptionRule, key: string, value: Buffer): Buffer {
  let failure = 'no configured provider has the key that wrote it'
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
