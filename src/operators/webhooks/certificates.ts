// The certificates of a webhook server: its own authority, a leaf that is renewed in time, and how both are replaced without a gap.
import 'reflect-metadata'
import { createPrivateKey, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import * as x509 from '@peculiar/x509'

/** A certificate and its private key, PEM. */
export interface KeyPair {
  readonly cert: string
  readonly key: string
}

/** What is kept in the Secret of a webhook server. */
export interface Material {
  /** Signs the leaf. */
  readonly ca: KeyPair
  /** Will sign it, when all who ask have heard of it. */
  readonly next?: KeyPair
  /** Signed earlier leaves. */
  readonly previous?: string
  readonly leaf: KeyPair
}

const day = 86_400_000
const leafDays = 90
const caDays = 365
/** How long the next authority is told before it signs, and the previous one after. */
const overlapMs = day
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const serverUsage = '1.3.6.1.5.5.7.3.1'

/** All authorities by which a leaf may be signed now. PEM. */
export const bundleOf = ({ ca, next, previous }: Material): string => [ca.cert, next?.cert, previous].filter((c) => c).join('\n')

const ageOf = (pem: string, now: number) => {
  const cert = new x509.X509Certificate(pem)
  const [from, to] = [cert.notBefore.getTime(), cert.notAfter.getTime()]
  return { from, to, share: (now - from) / (to - from) }
}

/** The material as it must be now: made, renewed at two thirds of its life, or moved on to the next authority; itself when nothing is due. */
export async function current(material: Material | undefined, names: readonly string[], now: number): Promise<Material> {
  if (!material || ageOf(material.ca.cert, now).to < now) {
    const ca = await newAuthority(now)
    return { ca, leaf: await newLeaf(ca, names, now) }
  }
  const { ca, next, previous, leaf } = material
  if (next && now - ageOf(next.cert, now).from > overlapMs)
    return { ca: next, previous: ca.cert, leaf: await newLeaf(next, names, now) }
  if (!next && ageOf(ca.cert, now).share > 2 / 3) return { ...material, next: await newAuthority(now) }
  if (previous && now - ageOf(leaf.cert, now).from > overlapMs) return { ca, leaf, ...(next ? { next } : {}) }
  const isNamed = namesOf(leaf.cert).join() === [...names].sort().join()
  if (!isNamed || ageOf(leaf.cert, now).share > 2 / 3) return { ...material, leaf: await newLeaf(ca, names, now) }
  return material
}

function namesOf(pem: string): string[] {
  const extension = new x509.X509Certificate(pem).getExtension(x509.SubjectAlternativeNameExtension)
  return (extension?.names.toJSON() ?? []).map((n) => n.value).sort()
}

async function newAuthority(now: number): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [`slipway-webhooks-${now}`] }],
    notBefore: new Date(now),
    notAfter: new Date(now + caDays * day),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { cert: cert.toString('pem'), key: await keyPem(keys.privateKey) }
}

async function newLeaf(ca: KeyPair, names: readonly string[], now: number): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const issuer = new x509.X509Certificate(ca.cert)
  const der = createPrivateKey(ca.key).export({ type: 'pkcs8', format: 'der' })
  const cert = await x509.X509CertificateGenerator.create({
    subject: [{ CN: ['webhooks'] }],
    issuer: issuer.subject,
    // Clocks of servers differ by some minutes.
    notBefore: new Date(now - 300_000),
    notAfter: new Date(Math.min(now + leafDays * day, issuer.notAfter.getTime())),
    publicKey: keys.publicKey,
    signingKey: await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([serverUsage]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      new x509.SubjectAlternativeNameExtension(
        [...names].sort().map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value })),
      ),
    ],
  })
  return { cert: cert.toString('pem'), key: await keyPem(keys.privateKey) }
}

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key))
  return createPrivateKey({ key: der, type: 'pkcs8', format: 'der' }).export({ type: 'pkcs8', format: 'pem' }).toString()
}
