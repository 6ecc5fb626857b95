import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalWebhooks } from '../api/admission/webhook/local.ts'
import { createAuthorizer } from '../api/auth/authorize.ts'
import { writeDefaultRoles } from '../api/auth/rbac/default-roles.ts'
import { kinds } from '../api/kinds/index.ts'
import { ensure } from '../api/own-requests.ts'
import type { UserInfo } from '../api/request.ts'
import { type Api, createApi } from '../api/server.ts'
import { serviceAddresses } from '../api/services/service-addresses.ts'
import type { Clock } from '../apimachinery/clock.ts'
import { namespaces } from '../apimachinery/resources.generated.ts'
import type { Store } from '../store/store.ts'

const serviceCidr = '10.43.0.0/16'

export const admin: UserInfo = { name: 'admin', groups: ['system:masters', 'system:authenticated'] }

/** Who asks over the port without a certificate. */
const nobody: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] }

interface MemoryApiOptions {
  readonly store: Store
  readonly clock: Clock
  /** Default roles and bindings, for those who don't ask as an administrator. */
  readonly roles: boolean
  readonly localWebhooks?: LocalWebhooks
}

/** The API as it is, with admission and RBAC, over `store`: without keys, tokens and a port. */
export async function memoryApi({ store, clock, roles, localWebhooks }: MemoryApiOptions): Promise<Api> {
  const api = await createApi({
    store,
    kinds,
    clock,
    ...(localWebhooks ? { localWebhooks } : {}),
    hooks: (objects) => new Map([['/services', serviceAddresses({ objects, serviceCidr, random: Math.random })]]),
    security: (objects) => {
      const authorizer = createAuthorizer(objects)
      return { authenticate: (request) => request.user ?? nobody, authorize: authorizer.authorize, authorizer }
    },
    admission: {},
  })
  for (const name of ['default', 'kube-system']) await ensure(api.handle, namespaces, { metadata: { name } })
  if (roles) await writeDefaultRoles(api.objects, api.handle)
  return api
}

/** Opens a port of the loopback device for `api`, whose certificates are made for it and live as long as it does. */
export async function listenOnLoopback(api: Api): Promise<{ server: string; kubeconfig: string; close(): Promise<void> }> {
  const [{ openPki }, { kubeconfig }] = await Promise.all([import('../api/auth/pki.ts'), import('../api/auth/kubeconfig.ts')])
  const directory = await mkdtemp(join(tmpdir(), 'slipway-test-'))
  const pki = await openPki({ directory, serviceAddress: '10.43.0.1' })
  await rm(directory, { recursive: true })
  const { cert, key } = pki.serving
  const listening = await api.listen({ port: 0, host: '127.0.0.1', cert, key, clientCa: pki.caCert })
  const server = `https://127.0.0.1:${listening.port}`
  return {
    server,
    kubeconfig: kubeconfig({ server, caCert: pki.caCert, user: { client: pki.admin } }),
    close: () => listening.close(),
  }
}
