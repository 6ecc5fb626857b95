import { createHash, createPrivateKey, generateKeyPair, type KeyObject, X509Certificate } from 'node:crypto'
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { RequestedIdentity } from '../../apimachinery/requested-identity.ts'
import type { Issuer, KeyPair, Subject } from './issuing.ts'
import { mastersGroup, nodesGroup } from './users.ts'

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
const day = 86_400_000
const renewBefore = 60 * day

interface Authority {
  /** PEM. */
  readonly cert: string
  readonly publicKey: KeyObject
  issuer(): Promise<Issuer>
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
  const issue = async (by: Authority, subject: Omit<Subject, 'days' | 'now'>, days = 365) =>
    (await by.issuer()).issue({ ...subject, days, now: now() })
  const client = (file: string, name: string, groups: readonly string[]) =>
    keep(directory, file, ca, now(), () => issue(ca, { name, groups, usages: ['client'], names: [] }))
  const isServing = (cert: X509Certificate) => names.every((n) => (isIP(n) ? cert.checkIP(n) : cert.checkHost(n)) !== undefined)
  const newServing = () => issue(ca, { name: 'slipway', groups: [], usages: ['server'], names })
  const newProxy = () => issue(proxyCa, { name: frontProxyName, groups: [], usages: ['client'], names: [] })
  const [serving, admin, kubeletClient, frontProxy, tokenKey] = await Promise.all([
    keep(directory, 'server', ca, now(), newServing, isServing),
    client('admin', 'admin', [mastersGroup]),
    client('kubelet-client', 'kube-apiserver-kubelet-client', [mastersGroup]),
    keep(directory, frontProxyName, proxyCa, now(), newProxy),
    openTokenKey(join(directory, 'sa.key')),
  ])
  return {
    caCert: ca.cert,
    serving,
    admin,
    kubeletClient,
    frontProxy: { ...frontProxy, caCert: proxyCa.cert },
    tokenKey,
    nodeClient: (node) =>
      client(`node-${createHash('sha256').update(node).digest('hex').slice(0, 16)}`, `system:node:${node}`, [nodesGroup]),
    clientCertificate: (name, groups, days) => issue(ca, { name, groups, usages: ['client'], names: [] }, days),
    read: async (request) => (await import('./issuing.ts')).requestedIdentity(request),
    sign: async (request, usages, seconds) => (await ca.issuer()).sign(request, usages, seconds, now()),
  }
}

function servingNames({ addresses = [], serviceAddress }: PkiOptions): string[] {
  const service = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local']
  return [...new Set(['localhost', hostname().toLowerCase(), ...service, '127.0.0.1', '::1', serviceAddress, ...addresses])]
}

async function openAuthority(directory: string, file: string, now: number): Promise<Authority> {
  const make = async () => (await import('./issuing.ts')).newAuthority(`slipway-${file}`, now)
  const pair = (await readPair(directory, file)) ?? (await store(directory, file, await make()))
  const { publicKey, validTo } = new X509Certificate(pair.cert)
  const end = new Date(validTo)
  if (end.getTime() < now) {
    throw new Error(`${join(directory, file)}.crt expired at ${end.toISOString()}: remove it and its key to make a new authority`)
  }
  let issuer: Promise<Issuer> | undefined
  return {
    cert: pair.cert,
    publicKey,
    issuer() {
      issuer ??= import('./issuing.ts').then(({ openIssuer }) => openIssuer(pair))
      return issuer
    },
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
    const isOurs = cert.verify(ca.publicKey)
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
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new Error(`${path} can't be used: it holds no private key; remove it to make a new one`, { cause: error })
  }
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  await writePrivate(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  return privateKey
}
