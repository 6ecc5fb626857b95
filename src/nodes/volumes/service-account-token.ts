import type { ServiceAccountTokenProjection, TokenRequest } from '../../apimachinery/kinds.generated.ts'
import type { PayloadFile } from './atomic-writer.ts'
import type { VolumeContext } from './kind.ts'
import { groupOf } from './payload.ts'

const defaultLifeSeconds = 3600

interface Cached {
  readonly token: string
  readonly refreshAt: number
}

/** The tokens in the volumes of a node's pods: each is asked for once, and again when four fifths of its life (or a day) are over. */
export class ProjectedTokens {
  /** By pod, volume and file. */
  readonly #kept = new Map<string, Cached>()

  async get(context: VolumeContext, volume: string, projection: ServiceAccountTokenProjection): Promise<Cached> {
    const key = `${context.pod.metadata.uid}/${volume}/${projection.path}`
    const known = this.#kept.get(key)
    if (known && known.refreshAt > context.now) return known
    const fresh = await freshToken(context, projection)
    this.#kept.set(key, fresh)
    return fresh
  }

  /** Of a pod that ended. */
  forget(podUid: string): void {
    for (const key of this.#kept.keys()) if (key.startsWith(`${podUid}/`)) this.#kept.delete(key)
  }
}

/** The one user that all containers run as, who then owns the token. */
function soleUser(context: VolumeContext): number | undefined {
  const spec = context.pod.spec
  const users = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(
    (c) => c.securityContext?.runAsUser ?? spec?.securityContext?.runAsUser,
  )
  return new Set(users).size === 1 ? users[0] : undefined
}

async function freshToken(context: VolumeContext, projection: ServiceAccountTokenProjection): Promise<Cached> {
  const { pod, now } = context
  const request: TokenRequest = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: {},
    spec: {
      audiences: projection.audience ? [projection.audience] : [],
      expirationSeconds: projection.expirationSeconds ?? defaultLifeSeconds,
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name ?? '', uid: pod.metadata.uid ?? '' },
    },
  }
  const answer = await context.sources.token(pod.metadata.namespace ?? '', pod.spec?.serviceAccountName || 'default', request)
  const expires = Date.parse(answer.status?.expirationTimestamp ?? '')
  const life = Math.max(expires - now, 60_000)
  return { token: answer.status?.token ?? '', refreshAt: now + Math.min(life * 0.8, 24 * 3600 * 1000) }
}

/** The file of a projected token, and when it must be renewed. */
export async function tokenFile(
  context: VolumeContext,
  volume: string,
  projection: ServiceAccountTokenProjection,
  mode: number,
): Promise<{ file: [string, PayloadFile]; refreshAt: number }> {
  const current = await context.tokens.get(context, volume, projection)
  const uid = soleUser(context)
  const isPrivate = uid !== undefined || groupOf(context.pod) !== undefined
  const content = Buffer.from(current.token)
  return {
    file: [projection.path, { content, mode: isPrivate ? 0o600 : mode, ...(uid === undefined ? {} : { uid }) }],
    refreshAt: current.refreshAt,
  }
}
