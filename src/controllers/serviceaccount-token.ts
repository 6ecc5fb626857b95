// Fills Secrets `kubernetes.io/service-account-token` with the token of their account, and deletes them when it is gone.
import type { Secret, ServiceAccount } from '../apimachinery/kinds.generated.ts'
import { secrets, serviceaccounts } from '../apimachinery/resources.generated.ts'
import { isConflict, isNotFound } from '../apimachinery/status.ts'
import { type Controller, defineController, watching } from '../operators/controller.ts'

const type = 'kubernetes.io/service-account-token'
const annotation = { name: 'kubernetes.io/service-account.name', uid: 'kubernetes.io/service-account.uid' } as const

export interface AccountTokens {
  /** PEM: what the token's holder trusts the API server by. */
  readonly caBundle: string
  /** A token that has no end but its Secret's. */
  readonly issueToken: (account: ServiceAccount, secret: Secret) => Promise<string>
}

/** The account that a token's Secret is for, by name: `namespace/name`. */
function accountOf({ type: is, metadata }: Secret): string | undefined {
  const name = metadata.annotations?.[annotation.name]
  return is === type && name ? `${metadata.namespace}/${name}` : undefined
}

type Decision = 'delete' | 'fill' | 'leave'

/** Pure. `account` has the name that `secret` says. */
export function decide(secret: Secret, account: ServiceAccount | undefined, caBundle: string): Decision {
  const uid = secret.metadata.annotations?.[annotation.uid]
  if (!account || (uid && uid !== account.metadata.uid)) return 'delete'
  const { token, namespace, 'ca.crt': ca } = secret.data ?? {}
  return token && namespace && ca === base64(caBundle) ? 'leave' : 'fill'
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** What kube-controller-manager's serviceaccount-token-controller does (k8s.io/kubernetes/pkg/controller/serviceaccount/tokens_controller.go). */
export const serviceAccountTokenController = ({ caBundle, issueToken }: AccountTokens): Controller =>
  defineController<Secret>({
    name: 'serviceaccount-token-controller',
    for: secrets,
    when: (now) => now !== undefined && accountOf(now) !== undefined,
    indexes: { account: (secret) => [accountOf(secret)].filter((key) => key !== undefined) },
    watches: [
      watching(serviceaccounts, ({ metadata }, { of }) =>
        of(secrets)
          .byIndex('account', `${metadata.namespace}/${metadata.name}`)
          .map((secret) => `${secret.metadata.namespace}/${secret.metadata.name}`),
      ),
    ],
    async reconcile(secret, { client }) {
      const [namespace = '', name = ''] = accountOf(secret)?.split('/') ?? []
      if (name === '') return undefined
      // Asked of the server: the Secret may be known before its account is.
      const account = await client.get(serviceaccounts, name, { namespace }).catch((error: unknown) => {
        if (isNotFound(error)) return undefined
        throw error
      })
      const { name: own = '', uid } = secret.metadata
      const decision = decide(secret, account, caBundle)
      try {
        if (decision === 'delete') await client.delete(secrets, own, { namespace, ...(uid ? { preconditions: { uid } } : {}) })
        if (decision === 'fill' && account)
          await client.update(secrets, await filled(secret, account, { caBundle, issueToken }), { namespace })
      } catch (error) {
        // Somebody else wrote it: then it comes again.
        if (!isNotFound(error) && !isConflict(error)) throw error
      }
      return undefined
    },
  })

async function filled(secret: Secret, account: ServiceAccount, { caBundle, issueToken }: AccountTokens): Promise<Secret> {
  const { name = '', uid = '' } = account.metadata
  const annotations = { ...secret.metadata.annotations, [annotation.name]: name, [annotation.uid]: uid }
  const data = {
    ...secret.data,
    'ca.crt': base64(caBundle),
    namespace: secret.data?.namespace || base64(secret.metadata.namespace ?? ''),
    token: secret.data?.token || base64(await issueToken(account, secret)),
  }
  return { ...secret, metadata: { ...secret.metadata, annotations }, data }
}
