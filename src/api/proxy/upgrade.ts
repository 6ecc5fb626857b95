import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { headersOf } from '../http/http1.ts'
import { apiRequest } from '../http/serve.ts'
import type { ApiResponse, HandleRequest } from '../request.ts'

/** Takes connections that ask for another protocol through the pipeline like any request; what refuses them gets an HTTP answer. */
export function upgradeHandler(handle: HandleRequest): (req: IncomingMessage, socket: Duplex, head: Buffer) => void {
  return (req, socket, head) => {
    socket.on('error', () => socket.destroy())
    const { method = 'GET', url = '/' } = req
    const whenGone = (listener: () => void) => void socket.once('close', listener)
    Promise.resolve({ method, url, headers: headersOf(req), socket: req.socket as TLSSocket, whenGone })
      .then(apiRequest)
      .then((request) => handle({ ...request, upgrade: { socket, head } }))
      .then((response) => (response.status === 101 ? undefined : answer(socket, response)))
      .catch(() => socket.destroy())
  }
}

async function answer(socket: Duplex, { status, headers, body }: ApiResponse): Promise<void> {
  const chunks: Uint8Array[] = []
  if ('bytes' in body) chunks.push(body.bytes)
  else if ('chunks' in body) chunks.push(...body.chunks)
  else if ('stream' in body) for await (const chunk of body.stream) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  const all = { ...headers, 'content-length': String(bytes.length), connection: 'close' }
  const reason = process.getBuiltinModule('node:http').STATUS_CODES[status] ?? ''
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 ${status} ${reason}\r\n${lines.join('\r\n')}\r\n\r\n`), bytes]))
}
