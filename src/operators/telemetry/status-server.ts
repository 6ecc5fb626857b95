import type { AddressInfo } from 'node:net'

export interface StatusServerOptions {
  /** 0: one that is free. */
  readonly port: number
  /** Default: all addresses. */
  readonly host?: string
  readonly metrics: () => string
  /** What keeps it from being ready; none: it is. */
  readonly unready: () => readonly string[]
}

export interface StatusServer {
  readonly port: number
  close(): Promise<void>
}

/** Serves /metrics, /healthz and /readyz over plain HTTP. */
export async function serveStatus({ port, host, metrics, unready }: StatusServerOptions): Promise<StatusServer> {
  const server = process.getBuiltinModule('node:http').createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0]
    const answer = (code: number, text: string) =>
      response.writeHead(code, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text)
    if (path === '/metrics') return answer(200, metrics())
    if (path === '/healthz') return answer(200, 'ok')
    if (path !== '/readyz') return answer(404, '/metrics, /healthz and /readyz are served here\n')
    const reasons = unready()
    return reasons.length === 0 ? answer(200, 'ok') : answer(503, `${reasons.join('\n')}\n`)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
