// Who may be given a certificate of which kind: the rules of Kubernetes' own signers. Pure.

import type { RequestedIdentity } from '../apimachinery/requested-identity.ts'

export const signers = {
  client: 'kubernetes.io/kube-apiserver-client',
  kubeletClient: 'kubernetes.io/kube-apiserver-client-kubelet',
  kubeletServing: 'kubernetes.io/kubelet-serving',
  legacy: 'kubernetes.io/legacy-unknown',
} as const

/** What is wrong with a request for `signerName`; undefined: it may be signed; null: the signer is not one of ours. */
export function signerProblem(
  signerName: string,
  identity: RequestedIdentity,
  usages: readonly string[],
): string | undefined | null {
  switch (signerName) {
    case signers.client:
      return clientUsagesProblem(usages)
    case signers.kubeletClient:
      return kubeletClientProblem(identity, usages)
    case signers.kubeletServing:
      return kubeletServingProblem(identity, usages)
    case signers.legacy:
      return undefined
    default:
      return null
  }
}

function clientUsagesProblem(usages: readonly string[]): string | undefined {
  const odd = usages.find((u) => !['digital signature', 'key encipherment', 'client auth'].includes(u))
  if (odd !== undefined) return `invalid usage for client certificate: ${odd}`
  return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth'
}

/** The certificate by which a node agent shows itself to the API server. */
export function kubeletClientProblem(identity: RequestedIdentity, usages: readonly string[]): string | undefined {
  const { dnsNames, addresses, emails, uris } = identity
  if (!isNodes(identity)) return 'subject organization is not system:nodes'
  if (dnsNames.length > 0) return 'DNS subjectAltNames are not allowed'
  if (emails.length > 0) return 'Email subjectAltNames are not allowed'
  if (addresses.length > 0) return 'IP subjectAltNames are not allowed'
  if (uris.length > 0) return 'URI subjectAltNames are not allowed'
  return nameProblem(identity) ?? usagesProblem(usages, 'client auth')
}

function kubeletServingProblem(identity: RequestedIdentity, usages: readonly string[]): string | undefined {
  const { dnsNames, addresses, emails, uris } = identity
  if (!isNodes(identity)) return 'subject organization is not system:nodes'
  if (dnsNames.length === 0 && addresses.length === 0) return 'DNS or IP subjectAltName is required'
  if (emails.length > 0) return 'Email subjectAltNames are not allowed'
  if (uris.length > 0) return 'URI subjectAltNames are not allowed'
  return usagesProblem(usages, 'server auth') ?? nameProblem(identity)
}

const isNodes = ({ organizations }: RequestedIdentity): boolean =>
  organizations.length === 1 && organizations[0] === 'system:nodes'

const nameProblem = ({ commonName }: RequestedIdentity): string | undefined =>
  commonName.startsWith('system:node:') ? undefined : 'subject common name does not begin with system:node:'

/** Exactly these usages; RSA keys need key encipherment, others do not. */
function usagesProblem(usages: readonly string[], own: 'client auth' | 'server auth'): string | undefined {
  const given = new Set(usages)
  given.delete('key encipherment')
  const fits = given.size === 2 && given.has('digital signature') && given.has(own)
  return fits ? undefined : `usages did not match [${[own, 'digital signature', 'key encipherment'].join(' ')}]`
}
