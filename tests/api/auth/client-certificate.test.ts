import { createPrivateKey } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Shown, shownBy } from '../../../src/api/auth/client-certificate.ts'
import { openPki, type Pki } from '../../../src/api/auth/pki.ts'
import '../../../src/api/auth/x509-ready.ts'
import * as x509 from '@peculiar/x509'

const directory = await mkdtemp(join(tmpdir(), 'slipway-certificates-'))
const pki = await openPki({ directory, serviceAddress: '10.43.0.1' })
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** A certificate of our authority for any subject. */
async function certified(name: x509.JsonName, usage: 'client' | 'server' = 'client') {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({ name, keys, signingAlgorithm: algorithm })
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey))
  const key = createPrivateKey({ key: der, type: 'pkcs8', format: 'der' }).export({ type: 'pkcs8', format: 'pem' }).toString()
  return { cert: await pki.sign(csr.toString('pem'), [usage], 3600), key }
}

async function shown(client: { cert: string; key: string } | undefined): Promise<Shown> {
  const server = createServer({ ...pki.serving, ca: pki.caCert, requestCert: true, rejectUnauthorized: false })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>
  const { port } = server.address() as { port: number }
  const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: pki.caCert, ...client })
  try {
    return shownBy((await accepted)[0], Date.now())
  } finally {
    socket.destroy()
    server.close()
  }
}

test('the last common name is the user, every organization a group, and Kubernetes has an attribute for the uid', async () => {
  const subject = [{ CN: ['first'] }, { O: ['a'] }, { '1.3.6.1.4.1.57683.2': ['u7'] }, { O: ['b'] }, { CN: ['second'] }]
  const { user } = await shown(await certified(subject))
  assert.equal([user?.name, user?.uid, user?.groups], ['second', 'u7', ['a', 'b']])
})

test('a certificate without a common name is nobody; two uids are not believed', async () => {
  assert.equal(await shown(await certified([{ O: ['system:masters'] }])), {})
  const uids = [{ '1.3.6.1.4.1.57683.2': ['u7'] }, { '1.3.6.1.4.1.57683.2': ['u8'] }, { CN: ['x'] }]
  assert.equal(await shown(await certified(uids)), { isDoubtful: true })
})

test('certificates of servers and of other authorities are not believed; no certificate is nobody', async () => {
  const other: Pki = await openPki({ directory: join(directory, 'other'), serviceAddress: '10.43.0.1' })
  assert.equal(await shown(other.admin), { isDoubtful: true })
  assert.equal(await shown(await certified([{ CN: ['x'] }], 'server')), { isDoubtful: true })
  assert.equal(await shown(undefined), {})
})

test.after(() => rm(directory, { recursive: true }))
test.run()
