// Makes certificates. Loaded when one is to be made: what it needs is two hundred modules, and a server that starts again has its own.
import { createPrivateKey, type webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import type { RequestedIdentity } from '../../apimachinery/requested-identity.ts'
import './x509-ready.ts'
import * as x509 from '@peculiar/x509'

/** A certificate and its private key, both PEM. */
export interface KeyPair {
  readonly cert: string
  readonly key: string
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const day = 86_400_000
const usage = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const

export interface Subject {
  readonly name: string
  readonly groups: readonly string[]
  readonly usages: readonly ('client' | 'server')[]
  readonly names: readonly string[]
  readonly days: number
  readonly now: number
}

/** What an authority signs. */
export interface Issuer {
  issue(subject: Subject): Promise<KeyPair>
  /** Signs a PKCS#10 request. `usages` are its extended key usages; seconds of validity; milliseconds since 1970. Returns PEM. */
  sign(request: string, usages: readonly ('client' | 'server')[], seconds: number, now: number): Promise<string>
}

interface Authority {
  readonly cert: x509.X509Certificate
  readonly key: webcrypto.CryptoKey
}

export async function openIssuer(authority: KeyPair): Promise<Issuer> {
  const der = createPrivateKey(authority.key).export({ type: 'pkcs8', format: 'der' })
  const key = await crypto.subtle.importKey('pkcs8', der, algorithm, true, ['sign'])
  const ca: Authority = { cert: new x509.X509Certificate(authority.cert), key }
  return {
    issue: (subject) => issue(ca, subject),
    sign: (request, usages, seconds, now) => signRequest(ca, request, usages, seconds, now),
  }
}

/** What a PKCS#10 request asks to be certified. Throws when it is none, or its signature is not its key's. */
export async function requestedIdentity(request: string): Promise<RequestedIdentity> {
  return identityOf(await readRequest(request))
}

/** A new authority, self-signed, for ten years. */
export async function newAuthority(name: string, now: number): Promise<KeyPair> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [name] }],
    serialNumber: serialNumber(),
    notBefore: new Date(now - 3_600_000),
    notAfter: new Date(now + 3650 * day),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { cert: pem(cert), key: await keyPem(keys.privateKey) }
}

async function issue(ca: Authority, subject: Subject): Promise<KeyPair> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const name = [...subject.groups.map((group) => ({ O: [group] })), { CN: [subject.name] }]
  const alternatives = subject.names.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value }))
  const cert = await certificate(ca, keys.publicKey, name, subject.usages, alternatives, subject.now, subject.days * day)
  return { cert, key: await keyPem(keys.privateKey) }
}

async function certificate(
  ca: Authority,
  publicKey: x509.PublicKeyType,
  subject: x509.JsonName | string,
  usages: readonly ('client' | 'server')[],
  alternatives: x509.JsonGeneralNames,
  now: number,
  validFor: number,
): Promise<string> {
  const cert = await x509.X509CertificateGenerator.create({
    subject,
    issuer: ca.cert.subject,
    serialNumber: serialNumber(),
    notBefore: new Date(now - 300_000),
    notAfter: new Date(Math.min(now + validFor, ca.cert.notAfter.getTime())),
    publicKey,
    signingKey: ca.key,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension(usages.map((u) => usage[u])),
      await x509.AuthorityKeyIdentifierExtension.create(ca.cert),
      ...(alternatives.length > 0 ? [new x509.SubjectAlternativeNameExtension(alternatives)] : []),
    ],
  })
  return pem(cert)
}

async function signRequest(
  ca: Authority,
  request: string,
  usages: readonly ('client' | 'server')[],
  seconds: number,
  now: number,
): Promise<string> {
  const csr = await readRequest(request)
  return certificate(ca, csr.publicKey, csr.subject, usages, alternativesOf(csr), now, seconds * 1000)
}

async function readRequest(request: string): Promise<x509.Pkcs10CertificateRequest> {
  const csr = new x509.Pkcs10CertificateRequest(request)
  if (!(await csr.verify())) throw new Error('the signature of the certificate request does not match its key')
  return csr
}

function alternativesOf(csr: x509.Pkcs10CertificateRequest): x509.JsonGeneralNames {
  return csr.extensions.find((e) => e instanceof x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? []
}

function identityOf(csr: x509.Pkcs10CertificateRequest): RequestedIdentity {
  const alternatives = alternativesOf(csr)
  const ofType = (type: string) => alternatives.filter((a) => a.type === type).map((a) => a.value)
  return {
    commonName: csr.subjectName.getField('CN').at(-1) ?? '',
    organizations: csr.subjectName.getField('O'),
    dnsNames: ofType('dns'),
    addresses: ofType('ip'),
    emails: ofType('email'),
    uris: ofType('url'),
  }
}

const pem = (cert: x509.X509Certificate): string => `${cert.toString('pem')}\n`

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key))
  return createPrivateKey({ key: der, type: 'pkcs8', format: 'der' }).export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** 127 random bits: positive and never empty. */
function serialNumber(): string {
  const bytes = Buffer.from(crypto.getRandomValues(new Uint8Array(16)))
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.toString('hex')
}
