import { PassThrough } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Status } from '../../apimachinery/status.ts'
import type { CommandOptions, CommandStreams, TerminalSize } from './remote-command.ts'

const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const

/** Subprotocols of exec and attach, the best first. */
export const commandProtocols = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
  '',
] as const

/** The first bytes of a text message are its channel as a digit, of a binary one a byte. */
function decode(message: Buffer, isBase64: boolean): { to: number; data: Buffer } {
  if (!isBase64) return { to: message[0] ?? -1, data: message.subarray(1) }
  return { to: Number(String.fromCharCode(message[0] ?? 0)), data: Buffer.from(message.toString('latin1', 1), 'base64') }
}

function parseSize(text: string): TerminalSize | undefined {
  try {
    const { Width: width, Height: height } = JSON.parse(text) as { Width?: unknown; Height?: unknown }
    return typeof width === 'number' && typeof height === 'number' && width > 0 && height > 0 ? { width, height } : undefined
  } catch {
    return undefined
  }
}

/** Old protocols carry no Status: a failure is its message, a success is silence. */
function statusText(status: Status, protocol: string): string | undefined {
  if (protocol.startsWith('v')) return JSON.stringify(status)
  return status.status === 'Success' ? undefined : (status.message ?? '')
}

/** Exec or attach over a WebSocket: each message is one channel's. */
export function websocketCommand(ws: WebSocket, options: CommandOptions): CommandStreams {
  const isBase64 = ws.protocol.includes('base64')
  const stdin = options.stdin ? new PassThrough() : undefined
  const gone = Promise.withResolvers<void>()
  let onResize: (size: TerminalSize) => void = () => {}
  let early: TerminalSize | undefined

  const send = (to: number, data: Buffer): Promise<void> =>
    new Promise((resolve) => {
      if (ws.readyState !== ws.OPEN) return resolve()
      const message = isBase64 ? `${to}${data.toString('base64')}` : Buffer.concat([Buffer.from([to]), data])
      ws.send(message, () => resolve())
    })
  ws.on('message', (message: Buffer) => {
    const { to, data } = decode(message, isBase64)
    if (to === channel.stdin && data.length > 0 && stdin?.writable) {
      if (stdin.write(data)) return
      ws.pause()
      stdin.once('drain', () => ws.resume())
    } else if (to === channel.resize) {
      early = parseSize(data.toString('utf8')) ?? early
      if (early) onResize(early)
    } else if (to === channel.close && data[0] === channel.stdin && ws.protocol === 'v5.channel.k8s.io') stdin?.end()
  })
  ws.on('close', () => {
    stdin?.end()
    gone.resolve()
  })
  ws.on('error', () => gone.resolve())
  // Tells the client that the connection stands, on the lowest channel that it reads.
  void send(options.stdout ? channel.stdout : options.stderr ? channel.stderr : channel.error, Buffer.alloc(0))
  return {
    stdin,
    write: (to, data) => send(channel[to], data),
    onResize(listener) {
      onResize = listener
      if (early) listener(early)
    },
    async finish(status) {
      const text = statusText(status, ws.protocol)
      if (text !== undefined) await send(channel.error, Buffer.from(text))
      ws.close(1000)
    },
    gone: gone.promise,
  }
}
