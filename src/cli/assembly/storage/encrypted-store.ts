import { hostname } from 'node:os'
import { join } from 'node:path'
import { KmsMetrics } from '../../../api/health/kms-metrics.ts'
import type { MetricLines } from '../../../api/health/metrics.ts'
import { ReloadMetrics } from '../../../api/health/reload-metrics.ts'
import { storageSize } from '../../../api/health/storage-size.ts'
import { EncryptedStore } from '../../../store/encryption/encrypted-store.ts'
import { Encryption } from './encryption.ts'
import { openStore, type StoreChoice } from './store-choice.ts'

export interface EncryptedStoreOptions {
  /** Where keys, certificates and objects are kept. */
  readonly data: string
  readonly store: StoreChoice
  /** Path of an EncryptionConfiguration. Default: the one in `pki`, made at the first start, which encrypts Secrets; none is made for memory and etcd. */
  readonly encryptionConfig?: string
  /** Whether it is read again when it changes. */
  readonly encryptionReload?: boolean
}

export interface OpenEncryptedStore {
  readonly store: EncryptedStore
  readonly encryption: Encryption
  /** undefined: the configuration is read once. */
  readonly reloads: ReloadMetrics | undefined
  /** What tells of both. */
  readonly metrics: readonly MetricLines[]
}

/** Opens the store that was chosen, and what is encrypted in it. */
export async function openEncryptedStore(options: EncryptedStoreOptions): Promise<OpenEncryptedStore> {
  const { data, store: choice, encryptionConfig: file, encryptionReload } = options
  const kmsMetrics = new KmsMetrics(hostname())
  const pki = choice.kind === 'memory' ? undefined : join(data, 'pki')
  const encryption = await Encryption.open({
    file,
    pki,
    isShared: choice.kind === 'etcd',
    observe: kmsMetrics,
    log: console.error,
  })
  const reloads = encryptionReload ? new ReloadMetrics('encryption', hostname(), encryption.content) : undefined
  const store = new EncryptedStore(await openStore(choice, data), encryption.rules)
  const metrics = [
    ...(encryption.plugins.length > 0 || encryptionReload ? [kmsMetrics] : []),
    ...(reloads ? [reloads] : []),
    ...(choice.kind === 'lmdb' ? [storageSize('lmdb-0', join(data, 'store'))] : []),
  ]
  return { store, encryption, reloads, metrics }
}
