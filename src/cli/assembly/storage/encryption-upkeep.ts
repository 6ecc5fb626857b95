import type { Check } from '../../../api/health/checks.ts'
import type { ReloadMetrics } from '../../../api/health/reload-metrics.ts'
import { reencrypt } from '../../../api/watch/reencrypt.ts'
import type { EncryptedStore } from '../../../store/encryption/encrypted-store.ts'
import type { KmsProvider } from '../../../store/encryption/kms/provider.ts'
import { ReloadedFile } from '../api/reloaded-file.ts'
import type { Encryption } from './encryption.ts'

interface UpkeepOptions {
  readonly store: EncryptedStore
  readonly encryption: Encryption
  /** Given: the file is read again when it changes. */
  readonly reloads: ReloadMetrics | undefined
  readonly signal: AbortSignal
}

/** Keeps stored values sealed with what is current: writes again what older keys wrote, asks KMS plugins for their keys, follows the file. */
export async function keepEncrypted({ store, encryption, reloads, signal }: UpkeepOptions) {
  let running: Promise<void> = Promise.resolve()
  const rewrite = () => {
    running = running
      .then(() => reencrypt(store, signal))
      .then(
        (n) => n > 0 && console.log(`${n} stored values were written again with the first key of their encryption`),
        (error: unknown) => console.error('writing stored values again with the first key of their encryption:', error),
      )
      .then(() => {})
  }
  const followed = new Set<KmsProvider>()
  const followPlugins = () => {
    for (const plugin of encryption.plugins) {
      if (followed.has(plugin)) continue
      followed.add(plugin)
      plugin.follow(rewrite, (error) => console.error(`kms plugin failed health check probe: ${error.message}`))
    }
  }
  rewrite()
  followPlugins()
  const { file: path, content } = encryption
  const apply = async (text: string) => {
    await encryption.replace(text)
    store.use(encryption.rules)
    followPlugins()
    rewrite()
  }
  const reloaded =
    reloads && path !== undefined
      ? new ReloadedFile({ path, subject: 'encryption config', content, apply, metrics: reloads })
      : undefined
  await reloaded?.follow()
  await reloaded?.check()
  return {
    /** Resolves when nothing is written any more. */
    async close(): Promise<void> {
      reloaded?.close()
      await running
      encryption.close()
    },
  }
}

/** /healthz/kms-providers, as kube-apiserver has it when there are plugins, or may be. */
export function kmsChecks(encryption: Encryption, mayChange: boolean): Check[] {
  if (encryption.plugins.length === 0 && !mayChange) return []
  const failure = (plugin: KmsProvider, i: number) =>
    plugin.check().then(
      () => [],
      (error: Error) => [`kms-provider-${i}: ${error.message}`],
    )
  const run = async () => {
    const failures = (await Promise.all(encryption.plugins.map(failure))).flat()
    if (failures.length > 0) throw new Error(failures.length === 1 ? failures[0] : `[${failures.join(', ')}]`)
  }
  return [{ name: 'kms-providers', except: 'livez', run }]
}
