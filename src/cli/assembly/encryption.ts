import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type EncryptionRule, type MakeKms, readEncryptionConfiguration } from '../../store/encryption/configuration.ts'
import type { KmsObserver } from '../../store/encryption/kms/observer.ts'
import { type KmsOptions, type KmsProvider, kmsProvider } from '../../store/encryption/kms/provider.ts'

/** What is encrypted where it is kept, and the KMS plugins that it needs. */
export interface Encryption {
  readonly rules: readonly EncryptionRule[]
  readonly plugins: readonly KmsProvider[]
  close(): void
}

export interface EncryptionPlace {
  /** An EncryptionConfiguration. Default: `encryption.yaml` in the folder of keys, made when it is missing; it encrypts Secrets. Without both nothing is. */
  readonly file: string | undefined
  readonly pki: string | undefined
  readonly observe: KmsObserver
  /** Where it is told that a plugin keeps us waiting. */
  readonly log: (line: string) => void
}

/** Resolves when every KMS plugin that writes has answered: without its key nothing can be read or written. Throws for a file that is not good. */
export async function openEncryption({ file, pki, observe, log }: EncryptionPlace): Promise<Encryption> {
  const plugins: KmsProvider[] = []
  const makeKms = (options: KmsOptions) => {
    const provider = kmsProvider(options, observe)
    plugins.push(provider)
    return provider
  }
  const rules = await encryptionRules(file, pki, makeKms)
  const writing = new Set(rules.map((rule) => rule.providers[0]))
  for (const plugin of plugins) await ready(plugin, writing.has(plugin), log)
  return {
    rules,
    plugins,
    close: () => {
      for (const plugin of plugins) plugin.close()
    },
  }
}

const retryAfterMs = 10_000

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

async function encryptionRules(file: string | undefined, pki: string | undefined, makeKms: MakeKms): Promise<EncryptionRule[]> {
  if (file) return readEncryptionConfiguration(await readFile(file, 'utf8'), `--encryption-provider-config ${file}`, makeKms)
  if (!pki) return []
  const own = join(pki, 'encryption.yaml')
  await mkdir(pki, { recursive: true, mode: 0o700 })
  // Of two servers that start on one folder, one makes it.
  await writeFile(own, newConfiguration(), { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  return readEncryptionConfiguration(await readFile(own, 'utf8'), own, makeKms)
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
