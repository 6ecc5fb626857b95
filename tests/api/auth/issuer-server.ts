import { type KeyObject, sign } from 'node:crypto'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface SigningKey {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** A real issuer over HTTPS: its discovery document and keys, which a test may change. */
interface IssuerServer {
  readonly url: string
  keys: SigningKey[]
  /** What it answers under other paths, and what it was asked with there. */
  readonly pages: Map<string, { status: number; body: string }>
  readonly pagesAsked: { path: string; authorization: string | undefined }[]
  /** How often its keys were asked for. */
  asked(): number
  close(): Promise<void>
}

export async function startIssuer(serving: { cert: string; key: string }): Promise<IssuerServer> {
  let asked = 0
  const pages = new Map<string, { status: number; body: string }>()
  const pagesAsked: { path: string; authorization: string | undefined }[] = []
  const issuer = { url: '', keys: [] as SigningKey[], pages, pagesAsked, asked: () => asked, close: async () => {} }
  const server = createServer({ cert: serving.cert, key: serving.key }, (req, res) => {
    res.setHeader('content-type', 'application/json')
    const path = req.url ?? ''
    const page = pages.get(path)
    if (page) {
      pagesAsked.push({ path, authorization: req.headers.authorization })
      res.statusCode = page.status
      res.end(page.body)
    } else if (req.url === '/.well-known/openid-configuration')
      res.end(JSON.stringify({ issuer: issuer.url, jwks_uri: `${issuer.url}/keys` }))
    else if (req.url === '/keys') {
      asked++
      res.end(
        JSON.stringify({ keys: issuer.keys.map((k) => ({ ...k.publicKey.export({ format: 'jwk' }), kid: k.kid, use: 'sig' })) }),
      )
    } else {
      res.statusCode = 404
      res.end('{}')
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  issuer.url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  issuer.close = () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return issuer
}

/** A token as an issuer makes it; `alg` may be another than the key's to forge one. */
export function tokenOf(
  key: SigningKey,
  claims: object,
  alg = key.privateKey.asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256',
): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ alg, kid: key.kid, typ: 'JWT' })}.${part(claims)}`
  const signature = sign('sha256', Buffer.from(signed), { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}
