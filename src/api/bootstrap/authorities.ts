import { isDeepStrictEqual } from 'node:util'
import { configmaps } from '../../apimachinery/resources.generated.ts'
import { identityHeaders } from '../aggregation/identity.ts'
import { frontProxyName } from '../auth/pki.ts'
import type { Objects } from '../objects.ts'
import { ensure, update } from '../own-requests.ts'
import type { HandleRequest } from '../request.ts'

interface Authorities {
  /** PEM: signs client certificates. */
  readonly clientCa: string
  /** PEM: signs the certificate that this server shows to aggregated ones. */
  readonly frontProxyCa: string
}

const namespace = 'kube-system'
const name = 'extension-apiserver-authentication'

/** Keeps kube-system/extension-apiserver-authentication: by it aggregated servers know whom to believe. */
export async function announceAuthorities(
  { handle, objects }: { readonly handle: HandleRequest; readonly objects: Objects },
  { clientCa, frontProxyCa }: Authorities,
): Promise<void> {
  const data = {
    'client-ca-file': clientCa,
    'requestheader-allowed-names': JSON.stringify([frontProxyName]),
    'requestheader-client-ca-file': frontProxyCa,
    'requestheader-extra-headers-prefix': JSON.stringify([identityHeaders.extraPrefix]),
    'requestheader-group-headers': JSON.stringify([identityHeaders.group]),
    'requestheader-uid-headers': JSON.stringify([identityHeaders.uid]),
    'requestheader-username-headers': JSON.stringify([identityHeaders.user]),
  }
  await ensure(handle, configmaps, { metadata: { namespace, name }, data })
  const stored = objects.get(configmaps, namespace, name)
  if (!stored || isDeepStrictEqual(stored.data, data)) return
  await update(handle, configmaps, { ...stored, data })
}
