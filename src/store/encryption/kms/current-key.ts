import { randomBytes, randomUUID } from 'node:crypto'
import { type DekSource, keyIdHash, problemOfKeyId, SourceType, validateSource } from './encrypted-object.ts'
import type { KmsObserver } from './observer.ts'
import type { KmsPlugin, PluginStatus } from './plugin.ts'
import { type Cipher, seedBytes, seedCipher } from './seed-cipher.ts'

/** What seals now. */
interface SealingKey {
  readonly source: DekSource
  readonly cipher: Cipher
  /** Not used for writing after this, unless the plugin confirms it. Milliseconds since 1970. */
  readonly expires: number
}

interface CurrentKeyOptions {
  readonly name: string
  readonly plugin: KmsPlugin
  readonly now: () => number
  readonly observe: KmsObserver
}

/** kube-apiserver's times: so long an answer counts, and so long is written while the plugin does not answer. */
const goodForMs = 20_000
const badForMs = 3000
const writesForMs = 3 * 60_000
const apiVersions = ['v2', 'v2beta1']

/** The seed that values are sealed with, kept in step with the plugin's key. */
export class CurrentKey {
  readonly #options: CurrentKeyOptions
  #key: SealingKey | undefined
  #version: string | undefined
  #checking: Promise<void> | undefined
  #last: { readonly at: number; readonly error: Error | undefined } | undefined
  /** Called when values are sealed with another key than before. */
  onRotated = () => {}

  constructor(options: CurrentKeyOptions) {
    this.#options = options
  }

  /** undefined until the plugin has once answered. Good for saying what is current; for writing ask `forWriting`. */
  get now(): SealingKey | undefined {
    return this.#key
  }

  /** Throws when the plugin has not confirmed the key for too long. */
  forWriting(): SealingKey {
    if (!this.#key) throw new Error('got unexpected nil transformer')
    const { expires, source } = this.#key
    const now = this.#options.now()
    if (now <= expires) return this.#key
    throw new Error(
      `encryptedDEKSource with keyID hash "${keyIdHash(source.keyId)}" expired at ${time(expires)} (current time is ${time(now)})`,
    )
  }

  /** Asks the plugin how it is, unless that is known, and takes over a new key. Throws when all is not well. */
  check(): Promise<void> {
    if (this.#checking) return this.#checking
    const { last, now } = { last: this.#last, now: this.#options.now() }
    if (last && now - last.at < (last.error ? badForMs : goodForMs))
      return last.error ? Promise.reject(last.error) : Promise.resolve()
    this.#checking = this.#ask().then(
      () => this.#told(undefined),
      (error: Error) => {
        this.#told(error)
        throw error
      },
    )
    return this.#checking
  }

  #told(error: Error | undefined): void {
    this.#checking = undefined
    this.#last = { at: this.#options.now(), error }
  }

  async #ask(): Promise<void> {
    const { name, plugin } = this.#options
    let status: PluginStatus
    try {
      status = await plugin.status()
    } catch (error) {
      throw new Error(
        `failed to perform status section of the healthz check for KMS Provider ${name}, error: ${(error as Error).message}`,
      )
    }
    const problems = [...this.#problemsOf(status), ...(await this.#follow(status.keyId))]
    if (problems.length === 0) return
    const all = problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`
    throw new Error(`kmsv2 Provider ${name} is not healthy, error: ${all}`)
  }

  #problemsOf({ healthz, version }: PluginStatus): string[] {
    const problems = healthz === 'ok' ? [] : [`got unexpected healthz status: ${healthz}`]
    if (!apiVersions.includes(version)) return [...problems, `expected KMSv2 API version v2, got ${version}`]
    this.#version ??= version
    if (this.#version === version) return problems
    return [
      ...problems,
      `KMSv2 API version should not change after the initial status response version ${this.#version}, got ${version}`,
    ]
  }

  /** Keeps the seed while the plugin's key is the one that sealed it; else makes a new one. Resolves with what is wrong. */
  async #follow(keyId: string): Promise<string[]> {
    const { name, observe } = this.#options
    const bad = problemOfKeyId(keyId)
    if (bad) {
      observe.invalidKeyId(name, bad.code)
      return [`got invalid KMSv2 KeyID hash "${keyIdHash(keyId)}": ${bad.message}`]
    }
    observe.keyTold(name, keyId)
    // From before the plugin is asked: the longest that an old key is written with.
    const expires = this.#options.now() + writesForMs
    if (this.#key?.source.keyId === keyId) {
      this.#key = { ...this.#key, expires }
      return []
    }
    return this.#rotate(keyId, expires)
  }

  async #rotate(keyId: string, expires: number): Promise<string[]> {
    const uid = randomUUID()
    let made: Omit<SealingKey, 'expires'> | undefined
    let failure = '<nil>'
    try {
      made = await this.#newSeed(uid)
    } catch (error) {
      failure = (error as Error).message
    }
    const before = this.#key
    if (made && made.source.keyId === keyId) {
      this.#key = { ...made, expires }
      this.onRotated()
      return []
    }
    const hash = (id: string | undefined) => JSON.stringify(keyIdHash(id ?? ''))
    const state = before ? '<nil>' : 'got unexpected nil transformer'
    return [
      `failed to rotate DEK uid=${JSON.stringify(uid)}, useSeed=true, errState=${state}, errGen=${failure}, statusKeyIDHash=${hash(keyId)}, ` +
        `encryptKeyIDHash=${hash(made?.source.keyId)}, stateKeyIDHash=${hash(before?.source.keyId)}, ` +
        `expirationTimestamp=${before ? time(before.expires) : '0001-01-01T00:00:00Z'}`,
    ]
  }

  async #newSeed(uid: string): Promise<Omit<SealingKey, 'expires'>> {
    const seed = randomBytes(seedBytes)
    const sealed = await this.#options.plugin.encrypt(seed, uid).catch((error: Error) => {
      throw new Error(`failed to encrypt DEK, error: ${error.message}`)
    })
    const source = { ...sealed, type: SourceType.seed }
    validateSource(source)
    return { source, cipher: seedCipher(seed) }
  }
}

const time = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
