import { createServer, type Server } from 'node:http'
import type { Log } from '../../operators/log.ts'
import type { HealthCheck } from './service-port.ts'

/** Answers on healthCheckNodePorts, for load balancers in front of the nodes. */
interface HealthChecks {
  /** The Service `key` has this check now (undefined: none). */
  replace(key: string, check: HealthCheck | undefined): void
  close(): void
}

export function createHealthChecks(log: Log): HealthChecks {
  const checks = new Map<string, HealthCheck>()
  const servers = new Map<string, { port: number; server: Server }>()

  const listen = (key: string, port: number): void => {
    const server = createServer((_request, response) => {
      const check = checks.get(key)
      const { namespace, name, localEndpoints = 0 } = check ?? {}
      const body = { service: { namespace, name }, localEndpoints, serviceProxyHealthy: true }
      response.writeHead(localEndpoints > 0 ? 200 : 503, {
        'content-type': 'application/json',
        'x-content-type-options': 'nosniff',
        'x-load-balancing-endpoint-weight': String(localEndpoints),
      })
      response.end(JSON.stringify(body))
    })
    server.on('error', (error) => log.error('a health check port of a Service can not be opened', error, { service: key, port }))
    server.listen(port)
    server.unref()
    servers.set(key, { port, server })
  }
  const stop = (key: string): void => {
    const { server } = servers.get(key) ?? {}
    server?.close()
    server?.closeAllConnections()
    servers.delete(key)
  }
  return {
    replace(key, check) {
      if (check) checks.set(key, check)
      else checks.delete(key)
      if (servers.get(key)?.port === check?.port) return
      stop(key)
      if (check) listen(key, check.port)
    },
    close() {
      for (const key of [...servers.keys()]) stop(key)
    },
  }
}
