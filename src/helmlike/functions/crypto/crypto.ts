// Keys, certificates, passwords and AES, as Sprig has them.
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  scryptSync,
  X509Certificate,
} from 'node:crypto'
import { isIP } from 'node:net'
import { fromBytes, toBytes } from '../../gotemplate/bytes.ts'
import { formatValue } from '../../gotemplate/format.ts'
import type { Implementation } from '../../gotemplate/function-table.ts'
import { FunctionError } from '../../gotemplate/run.ts'
import { GoStruct, type Int, type List, type Value } from '../../gotemplate/value.ts'
import { base64Problem } from '../encoding.ts'
import type { HostRun } from '../host.ts'
import { bcryptHash } from './bcrypt.ts'
import { certificate, nameOf, type Signer, signerFrom } from './certificate.ts'
import { derivePassword } from './derive-password.ts'

const BCRYPT_COST = 10

function bcrypt(run: HostRun, password: string): string {
  const bytes = toBytes(password)
  if (bytes.length > 72) return 'failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes'
  return bcryptHash(bytes, run.shared.host.randomBytes(16), BCRYPT_COST)
}

function htpasswd(run: HostRun, user: string, password: string): Value {
  return user.includes(':') ? `invalid username: ${user}` : `${user}:${bcrypt(run, password)}`
}

/** A private key in the PEM form Go writes for its kind. */
function keyPem(key: KeyObject): string {
  const type = key.asymmetricKeyType === 'rsa' ? 'pkcs1' : key.asymmetricKeyType === 'ec' ? 'sec1' : 'pkcs8'
  return key.export({ type, format: 'pem' }) as string
}

function genPrivateKey(run: HostRun, type: string): Value {
  run.shared.memo.learning()
  switch (type) {
    case '':
    case 'rsa':
      return keyPem(generateKeyPairSync('rsa', { modulusLength: 4096 }).privateKey)
    case 'ecdsa':
      return keyPem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
    case 'ed25519':
      return keyPem(generateKeyPairSync('ed25519').privateKey)
    case 'dsa':
      return keyPem(generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 }).privateKey)
    default:
      return `Unknown type ${type}`
  }
}

function readKey(pem: string, context: string): KeyObject {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) throw new FunctionError(`${context}: no PEM data in input`)
  try {
    return createPrivateKey(pem)
  } catch (e) {
    throw new FunctionError(`${context}: ${(e as Error).message}`)
  }
}

const newKey = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey

const asStruct = (cert: string, key: string) =>
  new GoStruct(
    'sprig.certificate',
    new Map([
      ['Cert', cert],
      ['Key', key],
    ]),
  )

interface Wanted {
  readonly commonName: string
  readonly ips: List | null
  readonly names: List | null
  readonly days: Int
  readonly isCa: boolean
}

/** Makes the certificate; without a signer it signs itself. */
function issue(run: HostRun, w: Wanted, key: KeyObject, signer: Signer | undefined): Value {
  const ips = (w.ips ?? []).map((ip) => {
    if (typeof ip !== 'string') throw new FunctionError(`error parsing ip: ${formatValue(ip)} is not a string`)
    if (isIP(ip) === 0) throw new FunctionError(`error parsing ip: ${ip}`)
    return ip
  })
  const names = (w.names ?? []).map((name) => {
    if (typeof name !== 'string')
      throw new FunctionError(`error processing alternate dns name: ${formatValue(name)} is not a string`)
    return name
  })
  const request = {
    commonName: w.commonName,
    ips,
    names,
    from: run.shared.host.now(),
    days: Number(w.days.v),
    isCa: w.isCa,
    serial: run.shared.host.randomBytes(16),
  }
  const made = certificate(request, key, signer ?? { subject: nameOf(w.commonName), key, keyId: undefined })
  return asStruct(made, keyPem(key))
}

function signerOf(ca: GoStruct): Signer {
  const cert = ca.fields.get('Cert')
  const key = ca.fields.get('Key')
  if (typeof cert !== 'string' || typeof key !== 'string' || !cert.includes('-----BEGIN'))
    throw new FunctionError('unable to decode certificate')
  const parsedKey = readKey(key, 'error parsing private key')
  try {
    return signerFrom(cert, parsedKey)
  } catch (e) {
    throw new FunctionError(`error parsing certificate: decodedSignerCert.Bytes: ${(e as Error).message}`)
  }
}

function buildCustomCert(cert64: string, key64: string): Value {
  const decode = (text: string, what: string) => {
    if (!/^[A-Za-z0-9+/\r\n]*={0,2}[\r\n]*$/.test(text)) throw new FunctionError(`unable to decode base64 ${what}`)
    return Buffer.from(text, 'base64').toString('utf8')
  }
  const cert = decode(cert64, 'certificate')
  const key = decode(key64, 'private key')
  if (!cert.includes('-----BEGIN')) throw new FunctionError('unable to decode certificate')
  try {
    new X509Certificate(cert)
  } catch (e) {
    throw new FunctionError(`error parsing certificate: decodedCert.Bytes: ${(e as Error).message}`)
  }
  readKey(key, 'error parsing private key')
  return asStruct(cert, key)
}

function aesKey(password: string): Buffer {
  const key = Buffer.alloc(32)
  toBytes(password).copy(key)
  return key
}

function encryptAES(run: HostRun, password: string, text: string): Value {
  if (text === '') return ''
  const iv = run.shared.host.randomBytes(16)
  const cipher = createCipheriv('aes-256-cbc', aesKey(password), iv)
  return Buffer.concat([iv, cipher.update(toBytes(text)), cipher.final()]).toString('base64')
}

function decryptAES(password: string, text: string): Value {
  if (text === '') return ''
  const problem = base64Problem(text)
  if (problem !== undefined) throw new FunctionError(problem)
  const bytes = Buffer.from(text, 'base64')
  try {
    const cipher = createDecipheriv('aes-256-cbc', aesKey(password), bytes.subarray(0, 16))
    return fromBytes(Buffer.concat([cipher.update(bytes.subarray(16)), cipher.final()]))
  } catch (e) {
    throw new FunctionError((e as Error).message)
  }
}

const parsing = (pem: string) => readKey(pem, 'parsing private key')

export const crypto: { readonly [name: string]: Implementation } = {
  bcrypt,
  htpasswd,
  genPrivateKey,
  derivePassword: (counter: Int, type: string, password: string, user: string, site: string) =>
    derivePassword(
      Number(counter.v),
      type,
      password,
      user,
      site,
      (pass, salt) => scryptSync(pass, salt, 64, { N: 32768, r: 8, p: 2, maxmem: 64 << 20 }),
      hmac,
    ),
  encryptAES,
  decryptAES,
  buildCustomCert,
  genCA: (run: HostRun, cn: string, days: Int) =>
    issue(run, { commonName: cn, ips: null, names: null, days, isCa: true }, newKey(), undefined),
  genCAWithKey: (run: HostRun, cn: string, days: Int, key: string) =>
    issue(run, { commonName: cn, ips: null, names: null, days, isCa: true }, parsing(key), undefined),
  genSelfSignedCert: (run: HostRun, cn: string, ips: List | null, names: List | null, days: Int) =>
    issue(run, { commonName: cn, ips, names, days, isCa: false }, newKey(), undefined),
  genSelfSignedCertWithKey: (run: HostRun, cn: string, ips: List | null, names: List | null, days: Int, key: string) =>
    issue(run, { commonName: cn, ips, names, days, isCa: false }, parsing(key), undefined),
  genSignedCert: (run: HostRun, cn: string, ips: List | null, names: List | null, days: Int, ca: GoStruct) =>
    issue(run, { commonName: cn, ips, names, days, isCa: false }, newKey(), signerOf(ca)),
  genSignedCertWithKey: (run: HostRun, cn: string, ips: List | null, names: List | null, days: Int, ca: GoStruct, key: string) =>
    issue(run, { commonName: cn, ips, names, days, isCa: false }, parsing(key), signerOf(ca)),
}

function hmac(key: Buffer, data: Buffer): Buffer {
  return createHmac('sha256', key).update(data).digest()
}
