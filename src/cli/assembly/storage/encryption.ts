import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type EncryptionRule, readEncryptionConfiguration } from '../../../store/encryption/configuration.ts'
import type { KmsObserver } from '../../../store/encryption/kms/observer.ts'
import { type KmsOptions, type KmsProvider, kmsProvider } from '../../../store/encryption/kms/provider.ts'
import { TryLater } from '../api/reloaded-file.ts'

interface EncryptionPlace {
  /** An EncryptionConfiguration. Default: `encryption.yaml` in the folder of keys, made when it is missing; it encrypts Secrets. Without both nothing is. */
  readonly file: string | undefined
  readonly pki: string | undefined
  /** Other servers read what this one writes: no key is made that they would not have. */
  readonly isShared?: boolean
  readonly observe: KmsObserver
  /** Where it is told that a plugin keeps us waiting. */
  readonly log: (line: string) => void
}

const retryAfterMs = 10_000
/** Plugins of a new configuration are given so long at least, and what is in flight at old ones. */
const graceMs = 10_000
const pollMs = 100

/** What is encrypted where it is kept, and the KMS plugins that it needs. */
export class Encryption {
  /** undefined: there is no file. */
  readonly file: string | undefined
  /** What the file said. */
  readonly content: string
  readonly #place: EncryptionPlace
  #rules: readonly EncryptionRule[] = []
  /** By their options: one that stays keeps the keys that it has opened. */
  #plugins: ReadonlyMap<string, KmsProvider> = new Map()

  private constructor(place: EncryptionPlace, file: string | undefined, content: string) {
    this.#place = place
    this.file = file
    this.content = content
  }

  /** Resolves when every KMS plugin that writes has answered: without its key nothing can be read or written. Throws for a file that is not good. */
  static async open(place: EncryptionPlace): Promise<Encryption> {
    const file = place.file ?? (place.pki === undefined ? undefined : await ownFile(place.pki, !place.isShared))
    const encryption = new Encryption(place, file, file === undefined ? '' : await readFile(file, 'utf8'))
    if (file === undefined) return encryption
    const { rules, plugins } = encryption.#read(encryption.content)
    const writing = new Set(rules.map((rule) => rule.providers[0]))
    for (const plugin of plugins.values()) await ready(plugin, writing.has(plugin), place.log)
    encryption.#rules = rules
    encryption.#plugins = plugins
    return encryption
  }

  get rules(): readonly EncryptionRule[] {
    return this.#rules
  }

  get plugins(): readonly KmsProvider[] {
    return [...this.#plugins.values()]
  }

  /** Takes over another file, once its plugins answer. Throws, and leaves what was: TryLater when it is for a plugin. */
  async replace(content: string): Promise<void> {
    const { rules, plugins, timeoutsMs } = this.#read(content)
    const old = this.#plugins
    const grace = Math.max(2 * timeoutsMs, graceMs)
    try {
      await allHealthy([...plugins.values()], grace)
    } catch (error) {
      for (const [id, plugin] of plugins) if (!old.has(id)) plugin.close()
      throw error
    }
    this.#rules = rules
    this.#plugins = plugins
    const gone = [...old].filter(([id]) => !plugins.has(id))
    setTimeout(() => {
      for (const [, plugin] of gone) plugin.close()
    }, grace).unref()
  }

  close(): void {
    for (const plugin of this.#plugins.values()) plugin.close()
  }

  #read(content: string) {
    const origin = this.#place.file ? `--encryption-provider-config ${this.#place.file}` : (this.file ?? '')
    const plugins = new Map<string, KmsProvider>()
    let timeoutsMs = 0
    const makeKms = (options: KmsOptions) => {
      const id = JSON.stringify([options.name, options.endpoint, options.timeoutMs])
      const provider = this.#plugins.get(id) ?? kmsProvider(options, this.#place.observe)
      plugins.set(id, provider)
      timeoutsMs += options.timeoutMs
      return provider
    }
    return { rules: readEncryptionConfiguration(content, origin, makeKms), plugins, timeoutsMs }
  }
}

async function ready(plugin: KmsProvider, mustBe: boolean, log: EncryptionPlace['log']): Promise<void> {
  for (;;) {
    try {
      return await plugin.check()
    } catch (error) {
      log(`kms plugin failed health check probe: ${(error as Error).message}`)
      if (!mustBe) return
    }
    await pause(retryAfterMs)
  }
}

async function allHealthy(plugins: readonly KmsProvider[], withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs
  for (;;) {
    try {
      for (const plugin of plugins) await plugin.check()
      return
    } catch (error) {
      if (performance.now() > deadline) throw new TryLater((error as Error).message)
    }
    await pause(pollMs, undefined, { ref: false })
  }
}

async function ownFile(pki: string, makes: boolean): Promise<string | undefined> {
  const own = join(pki, 'encryption.yaml')
  if (!makes) return existsSync(own) ? own : undefined
  await mkdir(pki, { recursive: true, mode: 0o700 })
  // Of two servers that start on one folder, one makes it.
  await writeFile(own, newConfiguration(), { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  return own
}

const newConfiguration =
  (): string => `# What is encrypted where it is kept. Without these keys the Secrets in the store cannot be read: keep a copy.
# To change the key: put a new one first and start again. What the older one wrote is then written again, and it can go at the next start.
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources: [secrets]
    providers:
      - aesgcm:
          keys:
            - name: key1
              secret: ${randomBytes(32).toString('base64')}
      - identity: {}
`
