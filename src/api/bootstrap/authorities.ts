import { isDeepStrictEqual } from 'node:util'
import { pathOf } from '../../apimachinery/resource.ts'
import { configmaps } from '../../apimachinery/resources.generated.ts'
import { type Status, StatusError } from '../../apimachinery/status.ts'
import { identityHeaders } from '../aggregation/identity.ts'
import { frontProxyName } from '../auth/pki.ts'
import { apiserverUser } from '../auth/users.ts'
import type { Objects } from '../objects.ts'
import type { HandleRequest } from '../request.ts'
import { ensure } from './bootstrap.ts'

export interface Authorities {
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
  await ensure(handle, configmaps, { metadata: { namespace, name }, data } as never)
  const stored = objects.get(configmaps, namespace, name)
  if (!stored || isDeepStrictEqual(stored.data, data)) return
  const response = await handle({
    method: 'PUT',
    path: pathOf(configmaps, namespace, name),
    query: new URLSearchParams(),
    headers: { 'user-agent': 'kube-apiserver' },
    user: apiserverUser,
    wantsObjects: true,
    signal: new AbortController().signal,
    body: { ...stored, apiVersion: 'v1', kind: 'ConfigMap', data },
  })
  if (response.status >= 400 && 'object' in response.body) throw StatusError.from(response.body.object as Status)
}
