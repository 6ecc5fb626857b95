import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'

/** What is wrong with a TLS key pair, in the words of Go's tls.X509KeyPair; undefined when it is a pair. */
export function keyPairProblem(certificate: string, key: string): string | undefined {
  const chain = blocksOf(certificate)
  const types = chain.map((b) => b.type)
  const leaf = chain.find((b) => b.type === 'CERTIFICATE')
  if (chain.length === 0) return 'tls: failed to find any PEM data in certificate input'
  if (!leaf) {
    if (types.length === 1 && isKey(types[0] ?? '')) {
      return 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched'
    }
    return `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${types.join(' ')}]`
  }
  const keys = blocksOf(key)
  const block = keys.find((b) => isKey(b.type))
  if (keys.length === 0) return 'tls: failed to find any PEM data in key input'
  if (!block) {
    const skipped = keys.map((b) => b.type)
    if (skipped.length === 1 && skipped[0] === 'CERTIFICATE') {
      return 'tls: found a certificate rather than a key in the PEM for the private key'
    }
    return `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${skipped.join(' ')}]`
  }
  return mismatch(leaf.text, block.text)
}

interface Block {
  readonly type: string
  readonly text: string
}

const isKey = (type: string): boolean => type === 'PRIVATE KEY' || type.endsWith(' PRIVATE KEY')

const pem = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n[A-Za-z0-9+/=\s]*?-----END \1-----/g

const blocksOf = (text: string): Block[] => [...text.matchAll(pem)].map(([block, type = '']) => ({ type, text: block }))

function mismatch(certificate: string, key: string): string | undefined {
  let parsed: X509Certificate
  try {
    parsed = new X509Certificate(certificate)
  } catch {
    return 'x509: malformed certificate'
  }
  let secret: KeyObject
  try {
    secret = createPrivateKey(key)
  } catch {
    return 'tls: failed to parse private key'
  }
  if (parsed.publicKey.asymmetricKeyType !== secret.asymmetricKeyType) {
    return 'tls: private key type does not match public key type'
  }
  return parsed.checkPrivateKey(secret) ? undefined : 'tls: private key does not match public key'
}
