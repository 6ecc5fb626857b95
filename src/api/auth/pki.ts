import { createHash, createPrivateKey, generateKeyPair, type KeyObject, type webcrypto, X509Certificate } from 'node:crypto'
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { RequestedIdentity } from '../../apimachinery/requested-identity.ts'
import './x509-ready.ts'
import * as x509 from '@peculiar/x509'
import { mastersGroup, nodesGroup } from './users.ts'

/** A certificate and its private key, both PEM. */
export interface KeyPair {
  readonly cert: string
  readonly key: string
}

export interface PkiOptions {
  /** Where keys and certificates are kept; made with mode 0700, its files with 0600. */
  readonly directory: string
  /** More names and addresses of the server's certificate. */
  readonly addresses?: readonly string[]
  /** The first address of the service range: `kubernetes.default` in the cluster. */
  readonly serviceAddress: string
  readonly now?: () => number
}

export interface Pki {
  /** PEM. */
  readonly caCert: string
  readonly serving: KeyPair
  /** A member of system:masters. */
  readonly admin: KeyPair
  /** How the API server shows itself to node agents. */
  readonly kubeletClient: KeyPair
  /** The authority by which aggregated API servers know this one, and its certificate. Its own: no client is believed by it. */
  readonly frontProxy: KeyPair & { readonly caCert: string }
  /** Signs service account tokens; RSA 2048. */
  readonly tokenKey: KeyObject
  /** The credentials of one node agent: CN system:node:NAME, O system:nodes; kept in the directory as well. */
  nodeClient(node: string): Promise<KeyPair>
  /** A new certificate, not kept. `days` of validity, default 365. */
  clientCertificate(name: string, groups: readonly string[], days?: number): Promise<KeyPair>
  /** What a PKCS#10 request asks to be certified. Throws when it is none, or its signature is not its key's. */
  read(request: string): Promise<RequestedIdentity>
  /** Signs a PKCS#10 request (CertificateSigningRequests). `usages` are its extended key usages; seconds of validity. Returns PEM. */
  sign(request: string, usages: readonly ('client' | 'server')[], seconds: number): Promise<string>
}

/** The name that aggregated servers expect in the front proxy's certificate. */
export const frontProxyName = 'front-proxy-client'
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const day = 86_400_000
const renewBefore = 60 * day
const usage = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const

interface Authority {
  readonly cert: x509.X509Certificate
  readonly pem: string
  readonly key: webcrypto.CryptoKey
}

/** Opens the cluster's own certificate authority, making what is missing, about to expire or for other addresses. */
export async function openPki(options: PkiOptions): Promise<Pki> {
  const { directory, now = Date.now } = options
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const [ca, proxyCa] = await Promise.all([
    openAuthority(directory, 'ca', now()),
    openAuthority(directory, 'front-proxy-ca', now()),
  ])
  const names = servingNames(options)
  const client = (file: string, name: string, groups: readonly string[]) =>
    keep(directory, file, ca, now(), () => issue(ca, { name, groups, usages: ['client'], names: [], days: 365, now: now() }))
  const isServing = (cert: X509Certificate) => names.every((n) => (isIP(n) ? cert.checkIP(n) : cert.checkHost(n)) !== undefined)
  const newServing = () => issue(ca, { name: 'slipway', groups: [], usages: ['server'], names, days: 365, now: now() })
  const newProxy = () =>
    issue(proxyCa, { name: frontProxyName, groups: [], usages: ['client'], names: [], days: 365, now: now() })
  const [serving, admin, kubeletClient, frontProxy, tokenKey] = await Promise.all([
    keep(directory, 'server', ca, now(), newServing, isServing),
    client('admin', 'admin', [mastersGroup]),
    client('kubelet-client', 'kube-apiserver-kubelet-client', [mastersGroup]),
    keep(directory, frontProxyName, proxyCa, now(), newProxy),
    openTokenKey(join(directory, 'sa.key')),
  ])
  return {
    caCert: ca.pem,
    serving,
    admin,
    kubeletClient,
    frontProxy: { ...frontProxy, caCert: proxyCa.pem },
    tokenKey,
    nodeClient: (node) =>
      client(`node-${createHash('sha256').update(node).digest('hex').slice(0, 16)}`, `system:node:${node}`, [nodesGroup]),
    clientCertificate: (name, groups, days = 365) => issue(ca, { name, groups, usages: ['client'], names: [], days, now: now() }),
    read: async (request) => identityOf(await readRequest(request)),
    sign: (request, usages, seconds) => signRequest(ca, request, usages, seconds, now()),
  }
}

function servingNames({ addresses = [], serviceAddress }: PkiOptions): string[] {
  const service = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local']
  return [...new Set(['localhost', hostname().toLowerCase(), ...service, '127.0.0.1', '::1', serviceAddress, ...addresses])]
}

async function openAuthority(directory: string, file: string, now: number): Promise<Authority> {
  const pair = (await readPair(directory, file)) ?? (await store(directory, file, await newAuthority(`slipway-${file}`, now)))
  const key = await crypto.subtle.importKey(
    'pkcs8',
    createPrivateKey(pair.key).export({ type: 'pkcs8', format: 'der' }),
    algorithm,
    true,
    ['sign'],
  )
  const cert = new x509.X509Certificate(pair.cert)
  if (cert.notAfter.getTime() < now) {
    throw new Error(
      `${join(directory, file)}.crt expired at ${cert.notAfter.toISOString()}: remove the folder to make a new authority`,
    )
  }
  return { cert, pem: pair.cert, key }
}

async function newAuthority(name: string, now: number): Promise<KeyPair> {
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

interface Subject {
  readonly name: string
  readonly groups: readonly string[]
  readonly usages: readonly ('client' | 'server')[]
  readonly names: readonly string[]
  readonly days: number
  readonly now: number
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

/** What is kept under `file`, or a new one when there is none, it is not of this authority, expires soon, or does not `fit`. */
async function keep(
  directory: string,
  file: string,
  ca: Authority,
  now: number,
  make: () => Promise<KeyPair>,
  fits: (cert: X509Certificate) => boolean = () => true,
): Promise<KeyPair> {
  const kept = await readPair(directory, file)
  if (kept) {
    const cert = new X509Certificate(kept.cert)
    const isOurs = cert.verify(new X509Certificate(ca.pem).publicKey)
    if (isOurs && Date.parse(cert.validTo) - now > renewBefore && fits(cert)) return kept
  }
  return store(directory, file, await make())
}

async function readPair(directory: string, file: string): Promise<KeyPair | undefined> {
  try {
    const [cert, key] = await Promise.all(['crt', 'key'].map((end) => readFile(join(directory, `${file}.${end}`), 'utf8')))
    return cert && key && createPrivateKey(key) && new X509Certificate(cert) ? { cert, key } : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`${join(directory, file)}.{crt,key} can't be used: remove both to make new ones`, { cause: error })
  }
}

async function store(directory: string, file: string, pair: KeyPair): Promise<KeyPair> {
  await writePrivate(join(directory, `${file}.key`), pair.key)
  await writePrivate(join(directory, `${file}.crt`), pair.cert)
  return pair
}

/** Writes a file that only its owner may read, complete or not at all. */
export async function writePrivate(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  await writeFile(temporary, text, { mode: 0o600 })
  await chmod(temporary, 0o600)
  await rename(temporary, path)
}

async function openTokenKey(path: string): Promise<KeyObject> {
  try {
    return createPrivateKey(await readFile(path, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  await writePrivate(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  return privateKey
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
