import type { Sealer } from '../providers.ts'
import { CurrentKey } from './current-key.ts'
import { decodeObject, encodeObject } from './encrypted-object.ts'
import type { KmsObserver } from './observer.ts'
import { Openers } from './openers.ts'
import { kmsPlugin } from './plugin.ts'

export interface KmsOptions {
  readonly name: string
  readonly endpoint: string
  readonly timeoutMs: number
}

export interface KmsProvider extends Sealer {
  readonly name: string
  /** How the plugin is: what /healthz/kms-providers says. Throws with the reason. */
  check(): Promise<void>
  /** Asks the plugin again and again, until `close`. `onRotated`: values that were sealed before are stale now. `onFailure`: told of each failure. */
  follow(onRotated: () => void, onFailure: (error: Error) => void): void
  close(): void
}

const everyMs = 60_000
const afterFailureMs = 10_000

/** A Sealer whose seeds a KMS plugin seals. Nothing can be sealed or opened before `check` has once succeeded. */
export const kmsProvider = (options: KmsOptions, observe: KmsObserver, now: () => number = Date.now): KmsProvider =>
  new SeedSealer(options, observe, now)

class SeedSealer implements KmsProvider {
  readonly name: string
  readonly prefix: string
  readonly #observe: KmsObserver
  readonly #plugin: ReturnType<typeof kmsPlugin>
  readonly #key: CurrentKey
  readonly #openers: Openers
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: KmsOptions, observe: KmsObserver, now: () => number) {
    const { name } = options
    this.name = name
    this.prefix = `k8s:enc:kms:v2:${name}:`
    this.#observe = observe
    this.#plugin = kmsPlugin({ ...options, observe })
    this.#key = new CurrentKey({ name, plugin: this.#plugin, now, observe })
    this.#openers = new Openers(this.#plugin, (count) => observe.sourcesKept(name, count))
  }

  seal(plain: Uint8Array, context: string): Buffer {
    const { source, cipher } = this.#key.forWriting()
    this.#openers.offer(source, cipher)
    this.#observe.keyUsed('to_storage', this.name, source.keyId)
    return encodeObject({ source, data: cipher.seal(plain, context) })
  }

  open(sealed: Buffer, context: string): Buffer {
    const { source, data } = decodeObject(sealed)
    const opener = this.#openers.of(source)
    if (!opener) throw new Error('the key that it was sealed with is not opened yet')
    this.#observe.keyUsed('from_storage', this.name, source.keyId)
    return opener.open(data, context)
  }

  prepare(sealed: Buffer): Promise<void> | undefined {
    return this.#openers.fetch(decodeObject(sealed).source)
  }

  isCurrent(sealed: Buffer): boolean {
    const { source } = decodeObject(sealed)
    const current = this.#key.now?.source
    return current === undefined || (source.keyId === current.keyId && source.type === current.type)
  }

  check(): Promise<void> {
    return this.#key.check()
  }

  follow(onRotated: () => void, onFailure: (error: Error) => void): void {
    this.#key.onRotated = onRotated
    const again = (ms: number) => {
      if (!this.#isClosed) this.#timer = setTimeout(ask, ms).unref()
    }
    const ask = () =>
      this.#key.check().then(
        () => again(everyMs),
        (error: Error) => {
          onFailure(error)
          again(afterFailureMs)
        },
      )
    again(everyMs)
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#plugin.close()
  }
}
