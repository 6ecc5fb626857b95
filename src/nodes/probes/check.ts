import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import net from 'node:net'
import type { Container, GRPCAction, HTTPGetAction, IntOrString, TCPSocketAction } from '../../apimachinery/kinds.generated.ts'

/** The answer of one check; `output` is what an event says of a failure. */
export interface Answer {
  readonly ok: boolean
  readonly output: string
}

/** The number of a port given by number or by a container port's name. Throws for a name that there is not. */
function portOf(port: IntOrString, container: Pick<Container, 'ports'>): number {
  const number = typeof port === 'number' ? port : (container.ports?.find((p) => p.name === port)?.containerPort ?? Number(port))
  if (!Number.isInteger(number) || number < 1 || number > 65535) throw new Error(`couldn't find port: ${JSON.stringify(port)}`)
  return number
}

const hostText = (host: string): string => (host.includes(':') ? `[${host}]` : host)
const mostBytes = 10 * 1024

function dialText(error: NodeJS.ErrnoException, address: string): string {
  const known: Record<string, string> = {
    ECONNREFUSED: 'connect: connection refused',
    EHOSTUNREACH: 'connect: no route to host',
    ECONNRESET: 'read: connection reset by peer',
  }
  return `dial tcp ${address}: ${known[error.code ?? ''] ?? error.message}`
}

/** GET; 200 to 399 is fine. Certificates are not checked, as in kubelet. */
export function checkHttp(
  action: HTTPGetAction,
  container: Pick<Container, 'ports'>,
  podIp: string,
  timeoutMs: number,
): Promise<Answer> {
  const host = action.host || podIp
  const port = portOf(action.port, container)
  const isHttps = action.scheme === 'HTTPS'
  const path = action.path?.startsWith('/') ? action.path : `/${action.path ?? ''}`
  const url = `${isHttps ? 'https' : 'http'}://${hostText(host)}:${port}${path}`
  const headers: Record<string, string | string[]> = { 'user-agent': 'kube-probe/1.36', accept: '*/*', connection: 'close' }
  for (const { name, value } of action.httpHeaders ?? []) {
    const key = name.toLowerCase()
    const before = key in headers && !['user-agent', 'accept', 'connection'].includes(key) ? headers[key] : undefined
    headers[key] = before === undefined ? value : [before, value].flat()
  }
  return new Promise((resolve) => {
    const failed = (text: string) => resolve({ ok: false, output: `Get "${url}": ${text}` })
    const request = (isHttps ? https : http).request(
      { host, port, path, headers, agent: false, rejectUnauthorized: false, method: 'GET' },
      (response) => {
        const status = response.statusCode ?? 0
        let body = ''
        response.on('data', (chunk: Buffer) => {
          if (body.length < mostBytes) body += chunk.toString('utf8')
        })
        const end = () => {
          clearTimeout(timer)
          const ok = status >= 200 && status < 400
          resolve({ ok, output: ok ? body.slice(0, mostBytes) : `HTTP probe failed with statuscode: ${status}` })
        }
        response.on('end', end)
        response.on('error', end)
      },
    )
    const timer = setTimeout(() => {
      failed('context deadline exceeded (Client.Timeout exceeded while awaiting headers)')
      request.destroy()
    }, timeoutMs)
    request.on('error', (error) => {
      clearTimeout(timer)
      failed(dialText(error, `${hostText(host)}:${port}`))
    })
    request.end()
  })
}

/** A connection that opens is fine. */
export function checkTcp(
  action: TCPSocketAction,
  container: Pick<Container, 'ports'>,
  podIp: string,
  timeoutMs: number,
): Promise<Answer> {
  const host = action.host || podIp
  const port = portOf(action.port, container)
  return new Promise((resolve) => {
    const socket = net.connect({ host, port })
    const end = (answer: Answer) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(() => end({ ok: false, output: `dial tcp ${hostText(host)}:${port}: i/o timeout` }), timeoutMs)
    socket.on('connect', () => end({ ok: true, output: '' }))
    socket.on('error', (error) => end({ ok: false, output: dialText(error, `${hostText(host)}:${port}`) }))
  })
}

/** A protobuf message of grpc.health.v1 with field 1, framed as gRPC does. */
function healthRequest(service: string): Buffer {
  const name = Buffer.from(service)
  const message = name.length > 0 ? Buffer.concat([Buffer.from([0x0a, name.length]), name]) : Buffer.alloc(0)
  const frame = Buffer.alloc(5)
  frame.writeUInt32BE(message.length, 1)
  return Buffer.concat([frame, message])
}

const statusNames = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']

/** grpc.health.v1.Health/Check; SERVING is fine. */
export function checkGrpc(action: GRPCAction, podIp: string, timeoutMs: number): Promise<Answer> {
  const address = `${hostText(podIp)}:${action.port}`
  return new Promise((resolve) => {
    const session = http2.connect(`http://${address}`)
    let grpcStatus = ''
    let grpcMessage = ''
    const chunks: Buffer[] = []
    const end = (answer: Answer) => {
      clearTimeout(timer)
      session.destroy()
      resolve(answer)
    }
    const failed = (why: string) => end({ ok: false, output: why })
    const timer = setTimeout(
      () => failed(`timeout: failed to connect service "${address}" within ${timeoutMs / 1000}s: context deadline exceeded`),
      timeoutMs,
    )
    session.on('error', (error) => failed(`failed to connect service "${address}": ${dialText(error, address)}`))
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'kube-probe/1.36',
    })
    const note = (headers: http2.IncomingHttpHeaders) => {
      grpcStatus = String(headers['grpc-status'] ?? grpcStatus)
      grpcMessage = String(headers['grpc-message'] ?? grpcMessage)
    }
    stream.on('response', note)
    stream.on('trailers', note)
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', (error) => failed(`error: health rpc failed: ${error.message}`))
    stream.on('end', () => {
      if (grpcStatus !== '0') return failed(`error: health rpc failed: rpc error: code = ${grpcStatus} desc = ${grpcMessage}`)
      const message = Buffer.concat(chunks).subarray(5)
      const status = message[0] === 0x08 ? (message[1] ?? 0) : 0
      if (status === 1) return end({ ok: true, output: 'service healthy' })
      failed(`service unhealthy (responded with "${statusNames[status] ?? status}")`)
    })
    stream.end(healthRequest(action.service ?? ''))
  })
}
