import { isRoutable, unroutable } from '../negotiation/accept.ts'
import type { PathRoute } from '../pipeline/handle.ts'
import { methodNotAllowed } from '../pipeline/route.ts'
import type { ApiRequest } from '../request.ts'
import type { TokenIssuer } from './service-account-tokens.ts'

/** How long others may keep the documents (k8s.io/kubernetes/pkg/routes: an hour). */
const cacheControl = 'public, max-age=3600'

/** By these documents others check service account tokens: the issuer's configuration and its public keys. `server`: host:port. */
export function openIdRoutes(issuer: TokenIssuer, server: () => string): PathRoute {
  return (request, { path }) => {
    if (path === '/.well-known/openid-configuration') return answer(request, issuer.discovery(server()), 'application/json')
    if (path === '/openid/v1/jwks') return answer(request, issuer.jwks(), 'application/jwk-set+json')
    return undefined
  }
}

function answer({ method, headers }: ApiRequest, document: object, type: string) {
  if (method !== 'GET') throw methodNotAllowed()
  if (!isRoutable(headers.accept, [type])) throw unroutable([type])
  const bytes = Buffer.from(JSON.stringify(document))
  return { status: 200, headers: { 'content-type': type, 'cache-control': cacheControl }, body: { bytes } }
}
