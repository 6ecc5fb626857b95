import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { defaultIssuer, type IssuerOptions } from '../../../api/auth/service-account-tokens.ts'

export const serviceAccountFlags = {
  'service-account-key-file': { type: 'string', multiple: true },
  'service-account-signing-key-file': { type: 'string' },
  'service-account-issuer': { type: 'string', multiple: true },
  'service-account-jwks-uri': { type: 'string' },
  'api-audiences': { type: 'string', multiple: true },
} as const

export const serviceAccountHelp = `
  --service-account-signing-key-file FILE   PEM: the private key (RSA or ECDSA) that signs service account tokens. Default: DIR/pki/sa.key
  --service-account-key-file FILE   PEM: further keys, public or private, that tokens were signed by: they are believed. May be repeated;
                            to change the key, sign with the new one and name the old one here until its tokens have ended
  --service-account-issuer URL   who tokens say they are from, default ${defaultIssuer}; repeated: the first one is written into
                            tokens, those of all are believed
  --service-account-jwks-uri URL   where the public keys are, for the discovery document
  --api-audiences A,B       who tokens are for when their request does not say, and what they must be for here. Default: the issuers
`

export type ServiceAccountValues = {
  readonly [K in keyof typeof serviceAccountFlags]?:
    | ((typeof serviceAccountFlags)[K] extends { multiple: true } ? readonly string[] : string)
    | undefined
}

/** What the flags ask of service account tokens; `key` is missing when the server's own signs. */
export type ServiceAccountWishes = Partial<IssuerOptions>

/** Throws for flags and files that are not good. */
export async function serviceAccountWishes(values: ServiceAccountValues): Promise<ServiceAccountWishes> {
  const signing = values['service-account-signing-key-file']
  const files = values['service-account-key-file'] ?? []
  const issuers = values['service-account-issuer'] ?? []
  const jwksUri = values['service-account-jwks-uri']
  const audiences = (values['api-audiences'] ?? []).flatMap((text) => text.split(',')).filter((name) => name !== '')
  for (const issuer of issuers) checkIssuer(issuer)
  if (jwksUri !== undefined && !jwksUri.startsWith('https://'))
    throw new Error(`--service-account-jwks-uri ${jwksUri}: must be an https URL`)
  return {
    ...(signing === undefined ? {} : { key: await privateKeyIn(signing) }),
    otherKeys: (await Promise.all(files.map(keysIn))).flat(),
    ...(issuers.length > 0 ? { issuers } : {}),
    ...(audiences.length > 0 ? { audiences } : {}),
    ...(jwksUri === undefined ? {} : { jwksUri }),
  }
}

/** As kube-apiserver: any text, but one with a colon must be a URL. */
function checkIssuer(issuer: string): void {
  if (issuer === '') throw new Error('--service-account-issuer: must not be empty')
  if (issuer.includes(':') && !URL.canParse(issuer))
    throw new Error(`--service-account-issuer ${issuer}: contains a ':' but is no URL`)
}

async function privateKeyIn(file: string): Promise<KeyObject> {
  const text = await read('service-account-signing-key-file', file)
  try {
    return createPrivateKey(text)
  } catch {
    throw new Error(`--service-account-signing-key-file ${file}: holds no private key in PEM`)
  }
}

async function keysIn(file: string): Promise<KeyObject[]> {
  const text = await read('service-account-key-file', file)
  const blocks = text.match(/-----BEGIN [A-Z ]+-----[^-]*-----END [A-Z ]+-----/g) ?? []
  const keys = blocks.filter((block) => !block.includes('EC PARAMETERS'))
  if (keys.length === 0) throw new Error(`--service-account-key-file ${file}: holds no key in PEM`)
  try {
    // Of a private key or a certificate too.
    return keys.map((block) => createPublicKey(block))
  } catch {
    throw new Error(`--service-account-key-file ${file}: holds a key that cannot be read`)
  }
}

async function read(flag: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new Error(`--${flag} ${file}: ${(error as Error).message}`)
  }
}
