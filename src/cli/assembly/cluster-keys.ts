import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import type { Pki } from '../../api/auth/pki.ts'
import { Conflict, type Store } from '../../store/store.ts'

/** Beside the objects: which keys the servers of one store have. */
const place = '/slipway/keys'

/** Digests of public keys. */
interface ClusterKeys {
  readonly authority: string
  readonly tokens: string
}

/**
 * Sees to it that all servers on one store have the same keys: what one issues or encrypts the others must know. The first one notes
 * its keys. One of the two may change, which is how keys are changed. Throws an Error that says what to do when neither is the noted one.
 */
export async function claimCluster(store: Store, pki: Pick<Pki, 'caCert' | 'tokenKey'>, folder: string): Promise<void> {
  const own = keysOf(pki)
  for (;;) {
    const noted = await store.get(place)
    const known = noted && (JSON.parse(Buffer.from(noted.value).toString()) as ClusterKeys)
    if (known?.authority === own.authority && known.tokens === own.tokens) return
    if (known && known.authority !== own.authority && known.tokens !== own.tokens)
      throw new Error(
        `this etcd has the cluster of a server with other keys than those in ${folder}: copy the folder pki of that server's --data there, and start again (or choose another --etcd-prefix for a new cluster)`,
      )
    try {
      await store.commit([{ key: place, value: Buffer.from(JSON.stringify(own)), expected: noted?.revision ?? 0 }])
      return
    } catch (error) {
      // Another server came first.
      if (!(error instanceof Conflict)) throw error
    }
  }
}

function keysOf({ caCert, tokenKey }: Pick<Pki, 'caCert' | 'tokenKey'>): ClusterKeys {
  const digest = (key: ReturnType<typeof createPublicKey>) =>
    createHash('sha256')
      .update(key.export({ type: 'spki', format: 'der' }))
      .digest('base64')
  return { authority: digest(new X509Certificate(caCert).publicKey), tokens: digest(createPublicKey(tokenKey)) }
}
