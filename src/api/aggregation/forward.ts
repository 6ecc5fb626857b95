import { jsonText } from '../../apimachinery/json.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { type Connection, forward, forwardUpgrade } from '../proxy/forward.ts'
import type { ApiRequest, ApiResponse, UserInfo } from '../request.ts'
import { headersOf } from './identity.ts'
import { asObjects } from './objects.ts'
import type { RemoteService, RemoteServices } from './remote-services.ts'

/** The certificate by which other API servers know this one as the front proxy. PEM. */
export interface FrontProxyCredentials {
  readonly cert: string
  readonly key: string
}

/** How requests reach the servers that APIServices name. */
interface Forwarder {
  /** Answers with what the server answers; 503 when there is none, which `onSilence` hears of. Never throws. */
  send(remote: RemoteService, request: ApiRequest, user: UserInfo, onSilence?: () => void): Promise<ApiResponse>
  close(): void
}

export function createForwarder(remotes: RemoteServices, credentials: FrontProxyCredentials): Forwarder {
  // One pool for all: it keeps connections apart by host, authority, name and certificate.
  // Watches hold theirs for as long as they run: their number is not limited here.
  const { Agent } = process.getBuiltinModule('node:https')
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 16, timeout: 90_000 })
  return {
    async send(remote, request, user, onSilence) {
      try {
        const { host, port } = remotes.endpointOf(remote)
        const query = request.query.toString()
        const target = { scheme: 'https', host, port, path: query ? `${request.path}?${query}` : request.path } as const
        const connection: Connection = { tls: tlsOf(remote, credentials), headers: headersFor(request, user) }
        if (request.upgrade) return await forwardUpgrade(target, request, request.upgrade, connection)
        if (request.wantsObjects)
          return await asObjects(await forward(target, inText(request), { ...connection, agent }), request)
        return withoutRedirect(await forward(target, request, { ...connection, agent }))
      } catch (error) {
        if (!request.signal.aborted) onSilence?.()
        return unavailable(request, error)
      }
    },
    close: () => agent.destroy(),
  }
}

function tlsOf({ caBundle, insecureSkipTLSVerify, service, namespace }: RemoteService, own: FrontProxyCredentials) {
  return {
    ...own,
    ...(caBundle ? { ca: caBundle, allowPartialTrustChain: true } : {}),
    rejectUnauthorized: !insecureSkipTLSVerify,
    servername: `${service}.${namespace}.svc`,
  }
}

function headersFor({ headers, remoteAddress }: ApiRequest, user: UserInfo) {
  const before = headers['x-forwarded-for']
  const chain = [before, remoteAddress].filter(Boolean).join(', ')
  return { ...headersOf(user), ...(chain ? { 'x-forwarded-for': chain } : {}) }
}

/** A caller in process speaks in objects; the wire carries JSON. */
function inText(request: ApiRequest): ApiRequest {
  const { body, headers, ...rest } = request
  const accept = { ...headers, accept: 'application/json' }
  if (!body || body instanceof Uint8Array) return { ...rest, headers: accept, ...(body ? { body } : {}) }
  const type = headers['content-type'] ?? 'application/json'
  return { ...rest, headers: { ...accept, 'content-type': type }, body: Buffer.from(jsonText(body)) }
}

/** A redirect would send the client, with what it carries, where the remote server likes. */
function withoutRedirect(response: ApiResponse): ApiResponse {
  const isRedirect = response.status >= 300 && response.status <= 399 && response.headers.location
  if (!isRedirect) return response
  if ('stream' in response.body) (response.body.stream as unknown as { destroy?(): void }).destroy?.()
  return text(502, 'the backend attempted to redirect this request, which is not permitted')
}

/** What a client is told when no server answers: text, as kube-aggregator says it. */
export function unavailable(request: ApiRequest, error: unknown): ApiResponse {
  const message = error instanceof Error ? error.message : String(error)
  if (!request.wantsObjects) return text(503, message)
  return { status: 503, headers: {}, body: { object: new StatusError(503, 'ServiceUnavailable', message).status } }
}

/** As Go's http.Error writes it. */
function text(status: number, message: string): ApiResponse {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }
  return { status, headers, body: { bytes: Buffer.from(`${message}\n`) } }
}
