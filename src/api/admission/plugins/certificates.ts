import type { Pkcs10CertificateRequest } from '@peculiar/x509'
import type { CertificateSigningRequest } from '../../../apimachinery/kinds.generated.ts'
import { pemType } from '../../../apimachinery/pem.ts'
import type { Authorize } from '../../auth/authorizer.ts'
import { mastersGroup } from '../../auth/users.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { isResource, isWrite, refuse } from '../refusal.ts'

const group = 'certificates.k8s.io'
const isRequest = (request: AdmissionRequest, subresource: string): boolean =>
  isResource(request, group, 'certificatesigningrequests') && request.subresource === subresource && isWrite(request)

async function mayActFor(authorize: Authorize, { user }: AdmissionRequest, verb: string, signer: string): Promise<boolean> {
  const [domain = ''] = signer.split('/')
  for (const name of [signer, `${domain}/*`]) {
    const resource = { group, version: '*', resource: 'signers', subresource: '', namespace: '', name }
    if ((await authorize({ user, verb, resource })).allowed) return true
  }
  return false
}

/** Whoever approves must have the verb approve on the signer. */
export const certificateApproval = (authorize: Authorize): AdmissionPlugin => ({
  name: 'CertificateApproval',
  validate: async (request) => {
    if (!isRequest(request, 'approval')) return
    const { signerName } = (request.oldObject as CertificateSigningRequest).spec
    if (await mayActFor(authorize, request, 'approve', signerName)) return
    throw refuse(request, `user not permitted to approve requests with signerName ${JSON.stringify(signerName)}`)
  },
})

/** Whoever writes the certificate must have the verb sign on the signer. */
export const certificateSigning = (authorize: Authorize): AdmissionPlugin => ({
  name: 'CertificateSigning',
  validate: async (request) => {
    if (!isRequest(request, 'status')) return
    const [next, old] = [request.object as CertificateSigningRequest, request.oldObject as CertificateSigningRequest]
    const written = (r: CertificateSigningRequest) => JSON.stringify([r.status?.certificate, r.status?.conditions])
    if (written(next) === written(old) || (await mayActFor(authorize, request, 'sign', old.spec.signerName))) return
    throw refuse(request, `user not permitted to sign requests with signerName ${JSON.stringify(old.spec.signerName)}`)
  },
})

/** Nobody becomes a member of system:masters by a signing request. */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  validate: async (request) => {
    if (request.operation !== 'CREATE' || !isRequest(request, '')) return
    const { spec } = request.object as CertificateSigningRequest
    if (spec.signerName !== 'kubernetes.io/kube-apiserver-client') return
    if (!(await organizationsOf(request, spec.request)).includes(mastersGroup)) return
    throw refuse(request, `use of ${spec.signerName} signer with ${mastersGroup} group is not allowed`)
  },
}

async function organizationsOf(request: AdmissionRequest, base64: string): Promise<string[]> {
  return (await subjectOf(request, base64, 'failed to parse CSR')).getField('O')
}

/** The subject of a request in PEM, itself in base64. Certificates' code is loaded with the first: most servers never see one. */
export async function subjectOf(
  request: AdmissionRequest,
  base64: string,
  problem: string,
): Promise<Pkcs10CertificateRequest['subjectName']> {
  if (pemType(base64) !== 'CERTIFICATE REQUEST') throw refuse(request, `${problem}: PEM block type must be CERTIFICATE REQUEST`)
  await import('../../auth/x509-ready.ts')
  const { Pkcs10CertificateRequest } = await import('@peculiar/x509')
  try {
    return new Pkcs10CertificateRequest(Buffer.from(base64, 'base64').toString()).subjectName
  } catch (error) {
    throw refuse(request, `${problem}: ${(error as Error).message}`)
  }
}
