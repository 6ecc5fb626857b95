import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAdmission } from '../api/admission/index.ts'
import type { LocalWebhooks } from '../api/admission/webhook/local.ts'
import { type Authorizer, createAuthorizer } from '../api/auth/authorize.ts'
import { writeDefaultRoles } from '../api/auth/rbac/default-roles.ts'
import { apiserverUser } from '../api/auth/users.ts'
import { ensure } from '../api/bootstrap/bootstrap.ts'
import { kinds } from '../api/kinds/index.ts'
import type { Objects } from '../api/objects.ts'
import { servedKind } from '../api/registry/served-kind.ts'
import type { UserInfo } from '../api/request.ts'
import { type Api, createApi } from '../api/server.ts'
import { serviceAddresses } from '../api/services/service-addresses.ts'
import type { Clock } from '../apimachinery/clock.ts'
import { namespaces, resourcequotas } from '../apimachinery/resources.generated.ts'
import { inProcessClient } from '../client/in-process.ts'
import type { Store } from '../store/store.ts'

const serviceCidr = '10.43.0.0/16'

export const admin: UserInfo = { name: 'admin', groups: ['system:masters', 'system:authenticated'] }

/** Who asks over the port without a certificate. */
const nobody: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] }

export interface MemoryApiOptions {
  readonly store: Store
  readonly clock: Clock
  /** Default roles and bindings, for those who don't ask as an administrator. */
  readonly roles: boolean
  readonly localWebhooks?: LocalWebhooks
}

/** The API as it is, with admission and RBAC, over `store`: without keys, tokens and a port. */
export async function memoryApi({ store, clock, roles, localWebhooks }: MemoryApiOptions): Promise<Api> {
  let shared: Authorizer | undefined
  const authorizerOf = (objects: Objects): Authorizer => {
    shared ??= createAuthorizer(objects)
    return shared
  }
  const api: Api = await createApi({
    store,
    kinds,
    clock,
    ...(localWebhooks ? { localWebhooks } : {}),
    hooks: (objects) => new Map([['/services', serviceAddresses({ objects, serviceCidr, random: Math.random })]]),
    security: (objects) => {
      const authorizer = authorizerOf(objects)
      return { authenticate: (request) => request.user ?? nobody, authorize: authorizer.authorize, authorizer }
    },
    admission: (objects, metrics, webhooks) =>
      createAdmission({
        objects,
        authorizer: authorizerOf(objects),
        metrics,
        webhooks,
        findKind: (group, version, resource) => servedKind(api.core.registry.find(group, version, resource)),
        writeQuotaStatus: async (quota) => {
          const client = inProcessClient(api.handle, apiserverUser, { userAgent: 'kube-apiserver' })
          await client.update(resourcequotas, quota, { namespace: quota.metadata.namespace, subresource: 'status' })
        },
      }),
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
