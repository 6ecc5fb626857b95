import '../../src/api/auth/x509-ready.ts'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CertificateSigningRequest } from '../../src/apimachinery/kinds.generated.ts'
import type { RequestedIdentity } from '../../src/apimachinery/requested-identity.ts'
import { certificatesigningrequests } from '../../src/apimachinery/resources.generated.ts'
import { assembleApi } from '../../src/cli/assembly/api/api.ts'
import type { Client } from '../../src/client/client.ts'
import { inProcessClient } from '../../src/client/in-process.ts'
import { signerProblem, signers } from '../../src/controllers/certificate-rules.ts'
import { endOf } from '../../src/controllers/certificates.ts'
import { startControllers } from '../../src/controllers/index.ts'

const identity = (part: Partial<RequestedIdentity> = {}): RequestedIdentity => ({
  commonName: 'system:node:n1',
  organizations: ['system:nodes'],
  dnsNames: [],
  addresses: [],
  emails: [],
  uris: [],
  ...part,
})
const both = ['digital signature', 'key encipherment']

test('a signer signs only what it is for', () => {
  const problems = [
    signerProblem(signers.client, identity(), ['client auth', 'server auth']),
    signerProblem(signers.client, identity(), ['digital signature']),
    signerProblem(signers.kubeletClient, identity({ dnsNames: ['a'] }), [...both, 'client auth']),
    signerProblem(signers.kubeletClient, identity({ organizations: ['system:masters'] }), [...both, 'client auth']),
    signerProblem(signers.kubeletClient, identity({ commonName: 'admin' }), [...both, 'client auth']),
    signerProblem(signers.kubeletServing, identity(), [...both, 'server auth']),
    signerProblem(signers.kubeletServing, identity({ addresses: ['10.0.0.1'] }), [...both, 'client auth']),
  ]
  assert.equal(problems, [
    'invalid usage for client certificate: server auth',
    'missing required usage for client certificate: client auth',
    'DNS subjectAltNames are not allowed',
    'subject organization is not system:nodes',
    'subject common name does not begin with system:node:',
    'DNS or IP subjectAltName is required',
    'usages did not match [server auth digital signature key encipherment]',
  ])
  assert.is(
    signerProblem(signers.kubeletServing, identity({ dnsNames: ['n1'] }), ['digital signature', 'server auth']),
    undefined,
  )
  assert.is(signerProblem('example.com/mine', identity(), []), null)
})

test('requests are cleared away a day after they were made, an hour after they were settled', () => {
  const at = '2026-01-01T00:00:00Z'
  const request = (...types: string[]): CertificateSigningRequest => ({
    metadata: { name: 'r', creationTimestamp: at },
    spec: { request: '', signerName: signers.client },
    status: { conditions: types.map((type) => ({ type, status: 'True', lastUpdateTime: at })) },
  })
  const hours = (r: CertificateSigningRequest) => (endOf(r) - Date.parse(at)) / 3_600_000
  assert.equal([hours(request()), hours(request('Denied')), hours(request('Approved', 'Failed'))], [24, 1, 1])
})

async function pkcs10(name: string, group: string): Promise<string> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ O: [group] }, { CN: [name] }],
    keys,
    signingAlgorithm: algorithm,
  })
  return Buffer.from(`${request.toString('pem')}\n`).toString('base64')
}

async function until(client: Client, name: string, isSo: (r: CertificateSigningRequest) => boolean) {
  for await (const events of client.watch(certificatesigningrequests, { fieldSelector: `metadata.name=${name}` })) {
    const found = events.find((e) => e.type !== 'DELETED' && isSo(e.object))
    if (found) return found.object
  }
  throw new Error('the watch ended')
}

test("a node agent's own request is approved and signed; somebody else's is signed when a person approves it", async () => {
  const data = await mkdtemp(join(tmpdir(), 'slipway-certificates-'))
  const { api, pki, close } = await assembleApi({ data, store: { kind: 'memory' }, serviceCidr: '10.43.0.0/16' })
  const as = (name: string, ...groups: string[]) =>
    inProcessClient(api.handle, { name, groups: [...groups, 'system:authenticated'] })
  const admin = as('admin', 'system:masters')
  const stop = new AbortController()
  const controllers = startControllers({ client: admin, caBundle: pki.caCert, authority: pki, signal: stop.signal })
  await controllers.started

  const usages: CertificateSigningRequest['spec']['usages'] = ['digital signature', 'key encipherment', 'client auth']
  const ask = async (client: Client, name: string, signerName: string, cn: string, group: string) =>
    client.create(certificatesigningrequests, {
      metadata: { name },
      spec: { request: await pkcs10(cn, group), signerName, usages, expirationSeconds: 3600 },
    })
  // The binding that kubeadm makes for nodes that renew their certificates.
  const role = {
    apiGroup: 'rbac.authorization.k8s.io',
    kind: 'ClusterRole',
    name: 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
  }
  const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:nodes' }]
  await admin.raw({
    method: 'POST',
    path: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
    body: { metadata: { name: 'nodes-renew' }, roleRef: role, subjects },
  })
  await ask(as('system:node:n1', 'system:nodes'), 'node', signers.kubeletClient, 'system:node:n1', 'system:nodes')
  const node = await until(admin, 'node', (r) => Boolean(r.status?.certificate))
  assert.is(node.status?.conditions?.[0]?.reason, 'AutoApproved')
  const certificate = new X509Certificate(Buffer.from(node.status?.certificate ?? '', 'base64'))
  assert.match(certificate.subject, /CN=system:node:n1/)
  assert.ok(certificate.verify(new X509Certificate(pki.caCert).publicKey))

  const jane = await ask(admin, 'jane', signers.client, 'jane', 'dev')
  const approved = { type: 'Approved', status: 'True' as const, reason: 'KubectlApprove', message: 'yes' }
  await admin.update(certificatesigningrequests, { ...jane, status: { conditions: [approved] } }, { subresource: 'approval' })
  const signed = await until(admin, 'jane', (r) => Boolean(r.status?.certificate))
  assert.match(new X509Certificate(Buffer.from(signed.status?.certificate ?? '', 'base64')).subject, /O=dev\nCN=jane/)

  stop.abort()
  await controllers.stopped
  await close()
  await rm(data, { recursive: true })
})

test.run()
