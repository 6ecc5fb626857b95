// Certificate signing requests: node agents' are approved, approved ones signed, settled ones cleared away.
import { X509Certificate } from 'node:crypto'
import { timeText } from '../apimachinery/clock.ts'
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
  SubjectAccessReview,
} from '../apimachinery/kinds.generated.ts'
import type { RequestedIdentity } from '../apimachinery/requested-identity.ts'
import { certificatesigningrequests, subjectaccessreviews } from '../apimachinery/resources.generated.ts'
import { isNotFound } from '../apimachinery/status.ts'
import { type Context, type Controller, defineController } from '../operators/controller.ts'
import { kubeletClientProblem, signerProblem, signers } from './certificate-rules.ts'

/** The cluster's authority, as the controllers that sign need it. PEM. */
export interface CertificateAuthority {
  /** Throws when `request` is no PKCS#10 request, or not signed by its own key. */
  read(request: string): Promise<RequestedIdentity>
  sign(request: string, usages: readonly ('client' | 'server')[], seconds: number): Promise<string>
}

type Request = CertificateSigningRequest

const longestSeconds = 365 * 86_400
const shortestSeconds = 600
const hourMs = 3_600_000

const condition = ({ status }: Request, type: string): CertificateSigningRequestCondition | undefined =>
  status?.conditions?.find((c) => c.type === type && c.status === 'True')
const isSettled = (request: Request): boolean =>
  Boolean(request.status?.certificate) || ['Denied', 'Failed'].some((type) => condition(request, type))
const pemOf = ({ spec }: Request): string => Buffer.from(spec.request, 'base64').toString('utf8')

function withCondition(request: Request, type: string, reason: string, message: string, now: number): Request {
  const entry = { type, status: 'True' as const, reason, message, lastUpdateTime: timeText(now) }
  return { ...request, status: { ...request.status, conditions: [...(request.status?.conditions ?? []), entry] } }
}

export const certificateSigner = (authority: CertificateAuthority): Controller =>
  defineController<Request>({
    name: 'certificatesigningrequest-signing-controller',
    for: certificatesigningrequests,
    async reconcile(request, { client, clock }) {
      if (isSettled(request) || !condition(request, 'Approved')) return undefined
      const { signerName, usages = [], expirationSeconds } = request.spec
      if (!(Object.values(signers) as string[]).includes(signerName)) return undefined
      const problem = signerProblem(signerName, await authority.read(pemOf(request)), usages)
      if (problem === null) return undefined
      if (problem !== undefined) {
        const failed = withCondition(request, 'Failed', 'SignerValidationFailure', problem, clock.now())
        await client.update(certificatesigningrequests, failed, { subresource: 'status' })
        return undefined
      }
      const seconds = Math.max(shortestSeconds, Math.min(longestSeconds, expirationSeconds ?? longestSeconds))
      const pem = await authority.sign(pemOf(request), extendedUsages(usages), seconds)
      const status = { ...request.status, certificate: Buffer.from(pem).toString('base64') }
      await client.update(certificatesigningrequests, { ...request, status }, { subresource: 'status' })
      return undefined
    },
  })

function extendedUsages(usages: readonly string[]): ('client' | 'server')[] {
  const found: ('client' | 'server')[] = []
  if (usages.includes('client auth')) found.push('client')
  if (usages.includes('server auth')) found.push('server')
  return found
}

/** The permissions by which a node agent's own certificate is approved, the narrower first. */
const approvals = [
  {
    subresource: 'selfnodeclient',
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
    fits: (request: Request, { commonName }: RequestedIdentity) => request.spec.username === commonName,
  },
  {
    subresource: 'nodeclient',
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
    fits: () => true,
  },
]

export const certificateApprover = (authority: CertificateAuthority): Controller =>
  defineController<Request>({
    name: 'certificatesigningrequest-approving-controller',
    for: certificatesigningrequests,
    async reconcile(request, context) {
      if (isSettled(request) || condition(request, 'Approved') || request.spec.signerName !== signers.kubeletClient)
        return undefined
      const identity = await authority.read(pemOf(request))
      if (kubeletClientProblem(identity, request.spec.usages ?? []) !== undefined) return undefined
      for (const { subresource, message, fits } of approvals) {
        if (!fits(request, identity) || !(await mayCreate(request, subresource, context))) continue
        const approved = withCondition(request, 'Approved', 'AutoApproved', message, context.clock.now())
        await context.client.update(certificatesigningrequests, approved, { subresource: 'approval' })
        return undefined
      }
      return undefined
    },
  })

async function mayCreate({ spec }: Request, subresource: string, { client }: Context): Promise<boolean> {
  const { username, uid, groups, extra } = spec
  const review: SubjectAccessReview = {
    metadata: {},
    spec: {
      ...(username ? { user: username } : {}),
      ...(uid ? { uid } : {}),
      ...(groups ? { groups } : {}),
      ...(extra ? { extra } : {}),
      resourceAttributes: {
        group: 'certificates.k8s.io',
        resource: 'certificatesigningrequests',
        verb: 'create',
        subresource,
      },
    },
  }
  return (await client.create(subjectaccessreviews, review)).status?.allowed ?? false
}

/** When a request is cleared away: milliseconds since 1970. Pure. */
export function endOf(request: Request): number {
  const { status, metadata } = request
  const since = (c: CertificateSigningRequestCondition | undefined) =>
    Date.parse(c?.lastUpdateTime ?? '') || Number.POSITIVE_INFINITY
  const created = Date.parse(metadata.creationTimestamp ?? '')
  const settled = Math.min(since(condition(request, 'Denied')), since(condition(request, 'Failed')))
  if (settled < Number.POSITIVE_INFINITY) return settled + hourMs
  const approved = since(condition(request, 'Approved'))
  if (approved === Number.POSITIVE_INFINITY) return (status?.conditions ?? []).length === 0 ? created + 24 * hourMs : approved
  if (!status?.certificate) return approved + 24 * hourMs
  return Math.min(approved + hourMs, expiryOf(status.certificate))
}

function expiryOf(base64: string): number {
  try {
    return Date.parse(new X509Certificate(Buffer.from(base64, 'base64')).validTo)
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

export const certificateCleaner = defineController<Request>({
  name: 'certificatesigningrequest-cleaner-controller',
  for: certificatesigningrequests,
  async reconcile(request, { client, clock }) {
    const left = endOf(request) - clock.now()
    if (left > 0) return Number.isFinite(left) ? { requeueAfterMs: left } : undefined
    const { name = '', uid } = request.metadata
    try {
      await client.delete(certificatesigningrequests, name, uid ? { preconditions: { uid } } : {})
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    return undefined
  },
})
