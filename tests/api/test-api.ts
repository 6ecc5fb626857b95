import { kinds } from '../../src/api/kinds/index.ts'
import type { UserInfo } from '../../src/api/request.ts'
import { type Api, type ApiOptions, createApi } from '../../src/api/server.ts'
import { namespaces } from '../../src/apimachinery/resources.generated.ts'
import type { Client } from '../../src/client/client.ts'
import { inProcessClient } from '../../src/client/in-process.ts'
import { createMemoryStore } from '../../src/store/memory/memory-store.ts'

export const admin: UserInfo = { name: 'admin', groups: ['system:masters', 'system:authenticated'] }

/** An API over an empty memory store, with the namespace `default`; everybody may do everything. */
export async function testApi(more: Partial<ApiOptions> = {}): Promise<{ api: Api; client: Client }> {
  const api = await createApi({
    store: createMemoryStore(),
    kinds,
    security: () => ({ authenticate: (r) => r.user ?? admin, authorize: () => ({ allowed: true, reason: '' }) }),
    ...more,
  })
  const client = inProcessClient(api.handle, admin)
  const { items } = await client.list(namespaces)
  if (items.length === 0) await client.create(namespaces, { metadata: { name: 'default' } } as never)
  return { api, client }
}
