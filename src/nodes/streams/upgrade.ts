import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { createWebSocketStream, WebSocketServer } from 'ws'
import { portForwardProtocol, tunnelProtocol } from './port-forward.ts'
import type { CommandOptions, CommandStreams } from './remote-command.ts'
import { spdyCommand, spdyCommandProtocols } from './spdy-command.ts'
import { commandProtocols, websocketCommand } from './websocket-command.ts'

/** Cut messages larger than any client sends: kubectl's are 32 KiB, cp's 64 KiB. */
const longestMessage = 16 * 2 ** 20

const offeredProtocols = (offered: Iterable<string>, known: readonly string[]): string | undefined => {
  const all = [...offered]
  return known.find((p) => all.includes(p))
}

function server(known: readonly string[]): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    maxPayload: longestMessage,
    perMessageDeflate: false,
    handleProtocols: (offered) => offeredProtocols(offered, known) ?? false,
  })
}

const commandServer = server(commandProtocols)
const tunnelServer = server([tunnelProtocol])

/** Answers an upgrade that cannot be: plain HTTP, then the end. */
export function refuse(socket: Duplex, code: number, reason: string, message: string): void {
  const body = Buffer.from(message)
  socket.end(
    `HTTP/1.1 ${code} ${reason}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${body.length}\r\n\r\n${message}`,
  )
}

function upgradeWebSocket(server: WebSocketServer, req: IncomingMessage, socket: Duplex, head: Buffer): Promise<WebSocket> {
  return new Promise((resolve) => server.handleUpgrade(req, socket, head, resolve))
}

const isWebSocket = (req: IncomingMessage): boolean => req.headers.upgrade?.toLowerCase() === 'websocket'
const isSpdy = (req: IncomingMessage): boolean => req.headers.upgrade?.toLowerCase() === 'spdy/3.1'
const listOf = (header: string | string[] | undefined): string[] =>
  (Array.isArray(header) ? header : [header ?? ''])
    .flatMap((h) => h.split(','))
    .map((p) => p.trim())
    .filter((p) => p !== '')

function acceptSpdy(req: IncomingMessage, socket: Duplex, head: Buffer, known: readonly string[]): string | undefined {
  const offered = listOf(req.headers['x-stream-protocol-version'])
  // A client that names no protocol speaks the oldest one.
  const protocol = offered.length === 0 ? known.at(-1) : offeredProtocols(offered, known)
  if (protocol === undefined) {
    refuse(
      socket,
      403,
      'Forbidden',
      `unable to upgrade: unable to negotiate protocol: client supports ${offered.join(', ')}, server supports ${known.join(', ')}`,
    )
    return undefined
  }
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  )
  if (head.length > 0) socket.unshift(head)
  return protocol
}

/** The client's side of exec or attach over whichever transport it asks for. Undefined: it was refused, or went away. */
export async function openCommand(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: CommandOptions,
): Promise<CommandStreams | undefined> {
  if (isWebSocket(req)) {
    const offered = listOf(req.headers['sec-websocket-protocol'])
    if (offered.length > 0 && offeredProtocols(offered, commandProtocols) === undefined) {
      refuse(socket, 400, 'Bad Request', `none of the subprotocols ${offered.join(', ')} is known`)
      return undefined
    }
    return websocketCommand(await upgradeWebSocket(commandServer, req, socket, head), options)
  }
  if (!isSpdy(req)) {
    refuse(socket, 400, 'Bad Request', 'Upgrade request required')
    return undefined
  }
  const protocol = acceptSpdy(req, socket, head, spdyCommandProtocols)
  return protocol === undefined ? undefined : spdyCommand(socket, options, protocol)
}

/** The byte stream that carries SPDY for port-forward. Undefined: it was refused. */
export async function openPortForward(req: IncomingMessage, socket: Duplex, head: Buffer): Promise<Duplex | undefined> {
  if (isSpdy(req)) return acceptSpdy(req, socket, head, [portForwardProtocol]) === undefined ? undefined : socket
  if (isWebSocket(req) && listOf(req.headers['sec-websocket-protocol']).includes(tunnelProtocol))
    return createWebSocketStream(await upgradeWebSocket(tunnelServer, req, socket, head))
  refuse(socket, 400, 'Bad Request', `port-forward needs SPDY/3.1 or the WebSocket subprotocol ${tunnelProtocol}`)
  return undefined
}
