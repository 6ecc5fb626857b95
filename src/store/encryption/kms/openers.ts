import { randomUUID } from 'node:crypto'
import { cacheKey, type DekSource, SourceType } from './encrypted-object.ts'
import type { KmsPlugin } from './plugin.ts'
import { keyOpener, type Opener, seedCipher } from './seed-cipher.ts'

/** What opens values, by the source of their keys. The plugin is asked for each once. */
export class Openers {
  readonly #plugin: KmsPlugin
  readonly #onKept: (count: number) => void
  readonly #kept = new Map<string, Opener>()
  readonly #coming = new Map<string, Promise<void>>()

  constructor(plugin: KmsPlugin, onKept: (count: number) => void) {
    this.#plugin = plugin
    this.#onKept = onKept
  }

  /** undefined: it must be fetched first. */
  of(source: DekSource): Opener | undefined {
    return this.#kept.get(cacheKey(source))
  }

  /** Takes what opens a source, unless it is there. */
  offer(source: DekSource, opener: Opener): void {
    const at = cacheKey(source)
    if (!this.#kept.has(at)) this.#keep(at, opener)
  }

  /** Resolves when there is one; undefined: there is already. */
  fetch(source: DekSource): Promise<void> | undefined {
    const at = cacheKey(source)
    if (this.#kept.has(at)) return undefined
    let coming = this.#coming.get(at)
    if (!coming) {
      coming = this.#ask(at, source).finally(() => this.#coming.delete(at))
      this.#coming.set(at, coming)
    }
    return coming
  }

  async #ask(at: string, source: DekSource): Promise<void> {
    const plain = await this.#plugin.decrypt(source, randomUUID()).catch((error: Error) => {
      throw new Error(`failed to decrypt DEK, error: ${error.message}`)
    })
    this.#keep(at, source.type === SourceType.seed ? seedCipher(plain) : keyOpener(plain))
  }

  #keep(at: string, opener: Opener): void {
    this.#kept.set(at, opener)
    this.#onKept(this.#kept.size)
  }
}
