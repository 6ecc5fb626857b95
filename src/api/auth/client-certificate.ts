import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { UserInfo } from '../request.ts'

/** Who a connection shows itself as. */
export interface Shown {
  readonly user?: UserInfo
  /** It shows itself as somebody who is not believed: unless a token says who asks, that is nobody, not anybody. */
  readonly isDoubtful?: true
}

interface Read {
  readonly shown: Shown
  /** Milliseconds since 1970. A connection may last longer than its certificate. */
  readonly until: number
}

const nobody: Shown = {}
const doubtful: Shown = { isDoubtful: true }
const read = new WeakMap<object, Read>()

/**
 * The user that a TLS client certificate names: CN, each O a group, and a uid. Read once a connection. The server listens with
 * `requestCert: true, rejectUnauthorized: false` and the cluster's authority as `ca` (k8s.io/apiserver/pkg/authentication/request/x509).
 */
export function shownBy(socket: TLSSocket, now: number): Shown {
  let known = read.get(socket)
  if (!known) {
    known = readCertificate(socket)
    read.set(socket, known)
  }
  return now <= known.until ? known.shown : doubtful
}

function readCertificate(socket: TLSSocket): Read {
  const certificate = socket.getPeerX509Certificate()
  if (!certificate) return { shown: nobody, until: Number.POSITIVE_INFINITY }
  return { shown: socket.authorized ? shownIn(certificate) : doubtful, until: Date.parse(certificate.validTo) }
}

const clientUsage = '1.3.6.1.5.5.7.3.2'
/** Of a subject: Kubernetes' own attribute. */
const uidAttribute = '1.3.6.1.4.1.57683.2'

function shownIn(certificate: X509Certificate): Shown {
  const allowed = certificate.keyUsage as string[] | undefined
  if (allowed && !allowed.includes(clientUsage)) return doubtful
  const subject = certificate.toLegacyObject().subject as unknown as Record<string, string | string[] | undefined>
  const values = (attribute: string) => [subject[attribute] ?? []].flat()
  const name = values('CN').at(-1)
  if (!name) return nobody
  const uids = values(uidAttribute)
  if (uids.length > 1 || uids[0] === '') return doubtful
  const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase()
  const user = {
    name,
    ...(uids[0] ? { uid: uids[0] } : {}),
    groups: values('O'),
    extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprint}`] },
  }
  return { user }
}
