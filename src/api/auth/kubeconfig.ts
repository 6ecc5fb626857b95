import { stringify } from 'yaml'
import type { KeyPair } from './issuing.ts'
import { writePrivate } from './pki.ts'

export interface KubeconfigOptions {
  /** URL of the API server. */
  readonly server: string
  /** PEM. */
  readonly caCert: string
  /** Name of the cluster, the context and the user; default `slipway`. */
  readonly name?: string
  readonly namespace?: string
  readonly user: { readonly client: KeyPair } | { readonly token: string }
}

/** The text of a kubeconfig file with its credentials inside. */
export function kubeconfig({ server, caCert, name = 'slipway', namespace, user }: KubeconfigOptions): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const credentials =
    'token' in user
      ? { token: user.token }
      : { 'client-certificate-data': base64(user.client.cert), 'client-key-data': base64(user.client.key) }
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(caCert) } }],
      users: [{ name, user: credentials }],
      contexts: [{ name, context: { cluster: name, user: name, ...(namespace ? { namespace } : {}) } }],
      'current-context': name,
    },
    { lineWidth: 0 },
  )
}

/** Writes it where only its owner may read it (mode 0600), whole or not at all. */
export async function writeKubeconfig(path: string, options: KubeconfigOptions): Promise<void> {
  await writePrivate(path, kubeconfig(options))
}
