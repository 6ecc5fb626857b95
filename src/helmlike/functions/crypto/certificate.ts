// X.509 certificates as Sprig makes them.

import { createHash, createPublicKey, type KeyObject, sign, X509Certificate } from 'node:crypto'
import { isIPv4 } from 'node:net'
import { quote } from '../../../apimachinery/go-quote.ts'
import { FunctionError } from '../../gotemplate/run.ts'
import { bits, explicit, implicit, integer, none, octets, oid, pem, sequence, set, time, utf8, yes } from './der.ts'

interface CertificateRequest {
  readonly commonName: string
  readonly ips: readonly string[]
  readonly names: readonly string[]
  readonly from: Date
  readonly days: number
  readonly isCa: boolean
  /** 128 random bits. */
  readonly serial: Buffer
}

/** Who signs: the subject in DER, and the key. */
export interface Signer {
  readonly subject: Buffer
  readonly key: KeyObject
  readonly keyId: Buffer | undefined
}

export const nameOf = (commonName: string): Buffer => sequence(set(sequence(oid('2.5.4.3'), utf8(commonName))))

/** The signer that a PEM certificate and its key make. Throws where the PEM is none. */
export function signerFrom(certificate: string, key: KeyObject): Signer {
  const parsed = new X509Certificate(certificate)
  return { subject: subjectDer(parsed.raw), key, keyId: keyIdOf(parsed.publicKey) }
}

/** The subject inside a certificate's DER: the sixth part of its body (the fifth where the version is left out). */
function subjectDer(der: Buffer): Buffer {
  const body = inner(inner(der, 0), 0)
  let at = 0
  if (body[0] === 0xa0) at = end(body, 0)
  for (let skipped = 0; skipped < 4; skipped++) at = end(body, at)
  return body.subarray(at, end(body, at))
}

function header(b: Buffer, at: number): { start: number; length: number } {
  const first = b[at + 1] as number
  if (first < 128) return { start: at + 2, length: first }
  const n = first & 127
  return { start: at + 2 + n, length: b.readUIntBE(at + 2, n) }
}
const inner = (b: Buffer, at: number) => {
  const { start, length } = header(b, at)
  return b.subarray(start, start + length)
}
const end = (b: Buffer, at: number) => {
  const { start, length } = header(b, at)
  return start + length
}

function keyIdOf(key: KeyObject): Buffer {
  const spki = key.export({ type: 'spki', format: 'der' })
  const body = inner(spki, 0)
  const bitString = inner(body, end(body, 0))
  return createHash('sha256').update(bitString.subarray(1)).digest().subarray(0, 20)
}

function algorithm(key: KeyObject): { id: Buffer; hash: string | null } {
  switch (key.asymmetricKeyType) {
    case 'ec':
      return { id: sequence(oid('1.2.840.10045.4.3.2')), hash: 'sha256' }
    case 'ed25519':
      return { id: sequence(oid('1.3.101.112')), hash: null }
    default:
      return { id: sequence(oid('1.2.840.113549.1.1.11'), none), hash: 'sha256' }
  }
}

function ipBytes(ip: string): Buffer {
  if (isIPv4(ip)) return Buffer.from(ip.split('.').map(Number))
  const [head = '', tail] = ip.split('::')
  const groups = (s: string) => (s === '' ? [] : s.split(':'))
  const left = groups(head)
  const right = tail === undefined ? [] : groups(tail)
  const all = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right]
  return Buffer.from(all.map((g) => g.padStart(4, '0')).join(''), 'hex')
}

/** A name as certificates hold it. Throws FunctionError in Go's words. */
function ia5(name: string): Buffer {
  if (!/^[\u0000-\u007f]*$/.test(name))
    throw new FunctionError(`error creating certificate: x509: ${quote(name)} cannot be encoded as an IA5String`)
  return Buffer.from(name)
}

function extensions(r: CertificateRequest, subjectKey: KeyObject, signerKeyId: Buffer | undefined): Buffer {
  const extension = (id: string, critical: boolean, value: Buffer) => sequence(oid(id), ...(critical ? [yes] : []), octets(value))
  const usage = r.isCa ? bits(Buffer.from([0xa4]), 2) : bits(Buffer.from([0xa0]), 5)
  const list = [
    extension('2.5.29.15', true, usage),
    extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.2'))),
    extension('2.5.29.19', true, r.isCa ? sequence(yes) : sequence()),
  ]
  if (r.isCa) list.push(extension('2.5.29.14', false, octets(keyIdOf(subjectKey))))
  else if (signerKeyId) list.push(extension('2.5.29.35', false, sequence(implicit(0, signerKeyId))))
  const alternatives = [...r.names.map((n) => implicit(2, ia5(n))), ...r.ips.map((ip) => implicit(7, ipBytes(ip)))]
  if (alternatives.length > 0) list.push(extension('2.5.29.17', false, sequence(...alternatives)))
  return sequence(...list)
}

/** The signed certificate in PEM. */
export function certificate(r: CertificateRequest, subjectKey: KeyObject, signer: Signer): string {
  const publicKey = createPublicKey(subjectKey)
  const { id, hash } = algorithm(signer.key)
  const body = sequence(
    explicit(0, integer(2n)),
    integer(BigInt(`0x${r.serial.toString('hex')}`)),
    id,
    signer.subject,
    sequence(time(r.from), time(new Date(r.from.getTime() + r.days * 86_400_000))),
    nameOf(r.commonName),
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, extensions(r, publicKey, signer.keyId)),
  )
  return pem('CERTIFICATE', sequence(body, id, bits(sign(hash, body, signer.key))))
}
