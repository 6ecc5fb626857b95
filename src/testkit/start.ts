import { enableCompileCache } from 'node:module'
import type { TestServer, TestServerOptions } from './test-server.ts'

/** A real API server in memory; see `TestServerOptions`. The first call of a process loads the API: what was compiled once is kept. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  enableCompileCache()
  const { startTestServer: start } = await import('./test-server.ts')
  return start(options)
}
