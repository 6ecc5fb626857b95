import { join } from 'node:path'
import type { EtcdOptions } from '../../../store/etcd/etcd-store.ts'
import type { Store } from '../../../store/store.ts'
import { durationMs } from '../duration.ts'

/** Where objects are kept. */
export type StoreChoice =
  | { readonly kind: 'lmdb' }
  | { readonly kind: 'memory' }
  | { readonly kind: 'etcd'; readonly etcd: EtcdOptions }

export const storeFlags = {
  store: { type: 'string', default: 'lmdb' },
  'etcd-servers': { type: 'string' },
  'etcd-cafile': { type: 'string' },
  'etcd-certfile': { type: 'string' },
  'etcd-keyfile': { type: 'string' },
  'etcd-prefix': { type: 'string', default: '/slipway' },
  'etcd-compaction-interval': { type: 'string', default: '5m' },
} as const

export const storeHelp = `
  --store lmdb|memory|etcd  where objects are kept: a file under --data (default), nowhere, or etcd
  --etcd-servers URL,URL    with --store etcd. Several API servers may share one etcd: they show one cluster. For certificates
                            and tokens of one to be believed by the others, copy the folder pki of the first one's --data before the
                            second one starts (on one machine they may share --data)
  --etcd-cafile FILE        PEM: the authority of etcd's certificate, and our certificate and key for it
  --etcd-certfile FILE
  --etcd-keyfile FILE
  --etcd-prefix PATH        before all keys, default /slipway
  --etcd-compaction-interval 5m   older revisions are forgotten after one to two of these; 0: never by this server
`

type StoreFlagValues = { readonly [K in keyof typeof storeFlags]?: string }

/** Throws for flags that don't go together. */
export function storeChoice(values: StoreFlagValues): StoreChoice {
  const { store = 'lmdb' } = values
  const servers = values['etcd-servers']
  if (store !== 'etcd') {
    if (servers) throw new Error('--etcd-servers: is for --store etcd')
    if (store === 'lmdb' || store === 'memory') return { kind: store }
    throw new Error(`--store ${store}: must be lmdb, memory or etcd`)
  }
  if (!servers) throw new Error('--store etcd: needs --etcd-servers, for example http://127.0.0.1:2379')
  const [caFile, certFile, keyFile] = [values['etcd-cafile'], values['etcd-certfile'], values['etcd-keyfile']]
  if ((certFile === undefined) !== (keyFile === undefined)) throw new Error('--etcd-certfile and --etcd-keyfile go together')
  return {
    kind: 'etcd',
    etcd: {
      urls: servers.split(',').map((url) => url.trim()),
      ...(caFile ? { caFile } : {}),
      ...(certFile ? { certFile } : {}),
      ...(keyFile ? { keyFile } : {}),
      prefix: values['etcd-prefix'] ?? '/slipway',
      compactEveryMs: durationMs('etcd-compaction-interval', values['etcd-compaction-interval'] ?? '5m'),
    },
  }
}

export async function openStore(choice: StoreChoice, directory: string): Promise<Store> {
  switch (choice.kind) {
    case 'memory':
      return (await import('../../../store/memory/memory-store.ts')).createMemoryStore()
    case 'lmdb':
      return (await import('../../../store/lmdb/lmdb-store.ts')).openOwnLmdbStore({ path: join(directory, 'store') })
    case 'etcd':
      return (await import('../../../store/etcd/etcd-store.ts')).openEtcdStore(choice.etcd)
  }
}
