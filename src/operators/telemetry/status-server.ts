import { type Address, type OpenPort, openPort } from '../../apimachinery/open-port.ts'

export interface StatusServerOptions extends Address {
  readonly metrics: () => string
  /** What keeps it from being ready; none: it is. */
  readonly unready: () => readonly string[]
}

/** Serves /metrics, /healthz and /readyz over plain HTTP. */
export function serveStatus({ metrics, unready, ...address }: StatusServerOptions): Promise<OpenPort> {
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
  return openPort(server, address, () => server.closeAllConnections())
}
