import { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { Shown } from './client-certificate.ts'
import { extraKey } from './extra-key.ts'
import { identitiesIn } from './identity-headers.ts'

/** Proxies that say in headers who asks (k8s.io/apiserver/pkg/authentication/request/headerrequest). */
export interface FrontProxyTrust {
  /** PEM: who signs the certificates of such proxies, directly. No others of its certificates are anybody's. */
  readonly ca: string
  /** Common names of proxies; empty: all that it signed. */
  readonly allowedNames: readonly string[]
  /** Names of headers, in lower case. The first that is there counts. */
  readonly usernameHeaders: readonly string[]
  readonly uidHeaders: readonly string[]
  readonly groupHeaders: readonly string[]
  readonly extraPrefixes: readonly string[]
}

interface Connected {
  readonly trust: FrontProxyTrust
  readonly isAllowed: boolean
}

const proxies = new WeakMap<object, Connected>()

/** The certificates in PEM. Throws when there is none. */
export function certificatesIn(pem: string): X509Certificate[] {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (found.length === 0) throw new Error('there is no certificate in PEM')
  return found.map((text) => new X509Certificate(text))
}

/** Notes of each new connection whether a proxy made it. */
export function frontProxyNoter(trust: FrontProxyTrust): (socket: TLSSocket) => void {
  const authorities = certificatesIn(trust.ca)
  return (socket) => {
    const certificate = socket.getPeerX509Certificate()
    if (!certificate || !socket.authorized) return
    if (!authorities.some((a) => certificate.checkIssued(a) && certificate.verify(a.publicKey))) return
    const subject = certificate.toLegacyObject().subject as unknown as Record<string, string | string[] | undefined>
    const name = [subject.CN ?? []].flat().at(-1) ?? ''
    const isAllowed = trust.allowedNames.length === 0 || trust.allowedNames.includes(name)
    proxies.set(socket, { trust, isAllowed })
  }
}

/** Whether a proxy made the connection: then its certificate is nobody's, and the headers say who asks. */
export const isFrontProxy = (socket: object): boolean => proxies.has(socket)

/** Who asks through the proxy. */
export function shownByProxy(socket: object, headers: Readonly<Record<string, string>>): Shown {
  const connected = proxies.get(socket)
  if (!connected?.isAllowed) return { isDoubtful: true }
  const { usernameHeaders, uidHeaders, groupHeaders, extraPrefixes } = connected.trust
  const first = (names: readonly string[]) => names.map((n) => identitiesIn(n, headers[n])[0]?.trim()).find((v) => v)
  const name = first(usernameHeaders)
  if (!name) return { isDoubtful: true }
  const uid = first(uidHeaders)
  const groups = groupHeaders.flatMap((n) => identitiesIn(n, headers[n]).filter((group) => group !== ''))
  const extra: Record<string, string[]> = {}
  for (const prefix of extraPrefixes) {
    for (const [header, value] of Object.entries(headers)) {
      if (!header.startsWith(prefix)) continue
      const key = extraKey(header.slice(prefix.length))
      extra[key] = [...(extra[key] ?? []), ...identitiesIn(header, value)]
    }
  }
  return { user: { name, ...(uid ? { uid } : {}), groups, extra } }
}
