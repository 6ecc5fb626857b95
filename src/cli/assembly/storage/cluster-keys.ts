import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import type { Pki } from '../../../api/auth/pki.ts'
import { noteOfServer } from '../../../api/history/note.ts'
import { Conflict, type Store } from '../../../store/store.ts'

/** Beside the objects: which keys the servers of one store have. */
const place = '/slipway/keys'

/** Digests of public keys. */
interface ClusterKeys {
  readonly authority: string
  readonly tokens: string
}

/**
 * What to tell whoever starts a server on a store whose first server has other keys than those in `folder`; undefined when they are the same. The
 * first one notes its keys; one of the two may change, which is how keys are changed.
 */
export async function otherKeys(
  store: Store,
  pki: Pick<Pki, 'caCert' | 'tokenKey'>,
  folder: string,
): Promise<string | undefined> {
  const own = keysOf(pki)
  for (;;) {
    const noted = await store.get(place)
    const known = noted && (JSON.parse(Buffer.from(noted.value).toString()) as ClusterKeys)
    if (known?.authority === own.authority && known.tokens === own.tokens) return undefined
    if (known && known.authority !== own.authority && known.tokens !== own.tokens)
      return `this etcd has the cluster of a server with other keys than those in ${folder}: client certificates and service account tokens of one are refused by the other. To share them, stop this server and copy the folder pki of that server's --data there; for a new cluster choose another --etcd-prefix`
    try {
      const value = Buffer.from(JSON.stringify(own))
      await store.commit([{ key: place, value, expected: noted?.revision ?? 0 }], noteOfServer('claim', Date.now()))
      return undefined
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
