import { LocalWebhooks } from '../api/admission/webhook/local.ts'
import type { HandleRequest, UserInfo } from '../api/request.ts'
import type { Api } from '../api/server.ts'
import type { Clock } from '../apimachinery/clock.ts'
import type { Client } from '../client/client.ts'
import { inProcessClient } from '../client/in-process.ts'
import type { RunOperatorsOptions } from '../operators/run-operators.ts'
import { admin, listenOnLoopback, memoryApi } from './api.ts'
import { refused } from './faults.ts'

/** The API that a test server stands on. */
export interface Backend {
  /** An administrator. */
  readonly client: Client
  clientFor(user: UserInfo): Client
  /** How operators' webhooks are reached. */
  readonly webhooks: NonNullable<RunOperatorsOptions['webhooks']>
  restart(): Promise<void>
  listen(): Promise<{ readonly server: string; readonly kubeconfig: string; close(): Promise<void> }>
  close(): Promise<void>
}

/** The API in this process, over a memory store. A restart keeps the store and forgets the rest. */
export async function memoryBackend(options: { readonly clock: Clock; readonly roles: boolean }): Promise<Backend> {
  const { createMemoryStore } = await import('../store/memory/memory-store.ts')
  const store = createMemoryStore()
  // Outlives a restart, as the operators do.
  const localWebhooks = new LocalWebhooks()
  let api: Api = await memoryApi({ store, localWebhooks, ...options })
  let life = new AbortController()
  const handle: HandleRequest = async (request) => {
    if (life.signal.aborted) throw refused()
    return api.handle({ ...request, signal: AbortSignal.any([request.signal, life.signal]) })
  }
  return {
    client: inProcessClient(handle, admin),
    clientFor: (user) => inProcessClient(handle, user),
    webhooks: { local: localWebhooks },
    async restart() {
      life.abort()
      api.close()
      api = await memoryApi({ store, localWebhooks, ...options })
      life = new AbortController()
    },
    listen: () => listenOnLoopback(api),
    async close() {
      api.close()
      await store.close()
    },
  }
}

/** A running API server, by the kubeconfig of an administrator: no other controllers, scheduler or nodes should act on it. */
export async function clusterBackend(path: string): Promise<Backend> {
  const [{ fromKubeconfig }, { readFile }] = await Promise.all([import('../client/https.ts'), import('node:fs/promises')])
  const kubeconfig = await readFile(path, 'utf8')
  const client = await fromKubeconfig(path)
  const only = (what: string) => new Error(`${what} needs the API in memory: run this test without SLIPWAY_TEST_KUBECONFIG`)
  return {
    client,
    clientFor: () => {
      throw only('clientFor')
    },
    webhooks: { port: 0, host: '127.0.0.1', address: { url: 'https://127.0.0.1' } },
    restart: async () => {
      throw only('restart')
    },
    listen: async () => ({ server: '', kubeconfig, close: async () => {} }),
    close: async () => {},
  }
}
