// Bootstrap tokens: cluster-info is signed by those that may, expired ones are deleted.
import { createHmac } from 'node:crypto'
import type { ConfigMap, Secret } from '../apimachinery/kinds.generated.ts'
import { configmaps, secrets } from '../apimachinery/resources.generated.ts'
import { isNotFound } from '../apimachinery/status.ts'
import { defineController, watching } from '../operators/controller.ts'

const tokenType = 'bootstrap.kubernetes.io/token'
const signaturePrefix = 'jws-kubeconfig-'
const tokenNamespace = 'kube-system'
const mapNamespace = 'kube-public'
const mapName = 'cluster-info'

const isToken = ({ type, metadata }: Secret): boolean => type === tokenType && metadata.namespace === tokenNamespace

function field({ data }: Secret, key: string): string {
  return Buffer.from(data?.[key] ?? '', 'base64').toString('utf8')
}

/** Milliseconds since 1970; undefined: it does not expire. What cannot be read has expired. */
export function expiryOf(token: Secret): number | undefined {
  const text = field(token, 'expiration')
  return text === '' ? undefined : Date.parse(text) || 0
}

/** A detached JSON web signature (HS256) of `content`. */
function detachedSignature(content: string, id: string, secret: string): string {
  const part = (text: string) => Buffer.from(text).toString('base64url')
  const header = part(JSON.stringify({ alg: 'HS256', kid: id }))
  const signature = createHmac('sha256', secret)
    .update(`${header}.${part(content)}`)
    .digest('base64url')
  return `${header}..${signature}`
}

/** The signatures that cluster-info should have, by key. Pure. */
export function signaturesOf(content: string, tokens: readonly Secret[], now: number): Record<string, string> {
  const found: Record<string, string> = {}
  for (const token of tokens) {
    const [id, secret] = [field(token, 'token-id'), field(token, 'token-secret')]
    const isValid = token.metadata.name === `bootstrap-token-${id}` && secret !== '' && (expiryOf(token) ?? now + 1) > now
    if (isValid && field(token, 'usage-bootstrap-signing') === 'true') {
      found[signaturePrefix + id] = detachedSignature(content, id, secret)
    }
  }
  return found
}

export const bootstrapSigner = defineController<ConfigMap>({
  name: 'bootstrap-signer-controller',
  for: configmaps,
  when: (now) => now?.metadata.namespace === mapNamespace && now.metadata.name === mapName,
  watches: [watching(secrets, (secret) => (isToken(secret) ? [`${mapNamespace}/${mapName}`] : []))],
  async reconcile(map, { client, informers, clock }) {
    const { namespace, name } = map.metadata
    if (namespace !== mapNamespace || name !== mapName) return undefined
    const content = map.data?.kubeconfig
    if (content === undefined) return undefined
    const tokens = informers.of(secrets).byIndex('namespace', tokenNamespace).filter(isToken)
    const kept = Object.entries(map.data ?? {}).filter(([key]) => !key.startsWith(signaturePrefix))
    const data = { ...Object.fromEntries(kept), ...signaturesOf(content, tokens, clock.now()) }
    const keys = Object.keys(data)
    const isSame = keys.length === Object.keys(map.data ?? {}).length && keys.every((key) => map.data?.[key] === data[key])
    if (!isSame) await client.update(configmaps, { ...map, data }, { namespace })
    return undefined
  },
})

export const tokenCleaner = defineController<Secret>({
  name: 'token-cleaner-controller',
  for: secrets,
  when: (now) => now !== undefined && isToken(now),
  async reconcile(token, { client, clock }) {
    if (!isToken(token)) return undefined
    const expiry = expiryOf(token)
    if (expiry === undefined) return undefined
    const left = expiry - clock.now()
    if (left > 0) return { requeueAfterMs: left }
    const { namespace, name = '', uid } = token.metadata
    try {
      await client.delete(secrets, name, { namespace, ...(uid ? { preconditions: { uid } } : {}) })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    return undefined
  },
})
