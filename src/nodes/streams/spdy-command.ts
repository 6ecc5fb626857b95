import type { Duplex } from 'node:stream'
import type { Status } from '../../apimachinery/status.ts'
import type { CommandOptions, CommandStreams, TerminalSize } from './remote-command.ts'
import { type SpdyStream, serveSpdy } from './spdy-connection.ts'

/** Stream protocols of exec and attach over SPDY, the best first. */
export const spdyCommandProtocols = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'] as const

const patienceMs = 30_000

function expectedStreams(options: CommandOptions, protocol: string): string[] {
  const hasResize = options.tty && (protocol.startsWith('v4') || protocol.startsWith('v3'))
  return [
    'error',
    ...(options.stdin ? ['stdin'] : []),
    ...(options.stdout ? ['stdout'] : []),
    ...(options.stderr && !options.tty ? ['stderr'] : []),
    ...(hasResize ? ['resize'] : []),
  ]
}

/** Calls back for each JSON object of a stream of them, `{"Width":80,"Height":24}` one after another. */
function readSizes(stream: SpdyStream, onSize: (size: TerminalSize) => void): void {
  let rest = ''
  stream.on('data', (chunk: Buffer) => {
    rest += chunk.toString('utf8')
    for (let end = rest.indexOf('}'); end >= 0; end = rest.indexOf('}')) {
      try {
        const { Width: width, Height: height } = JSON.parse(rest.slice(0, end + 1)) as { Width: number; Height: number }
        onSize({ width, height })
      } catch {
        // Not a size: nothing to do.
      }
      rest = rest.slice(end + 1)
    }
    if (rest.length > 1000) rest = ''
  })
}

const written = (stream: SpdyStream | undefined, data: Buffer): Promise<void> =>
  new Promise((resolve) => (stream && !stream.destroyed ? stream.write(data, () => resolve()) : resolve()))

const closed = (stream: SpdyStream | undefined): Promise<void> =>
  new Promise((resolve) => (stream && !stream.destroyed ? stream.end(() => resolve()) : resolve()))

/** Exec or attach over SPDY: resolves when the client has opened all its streams; undefined when it does not. */
export async function spdyCommand(
  socket: Duplex,
  options: CommandOptions,
  protocol: string,
): Promise<CommandStreams | undefined> {
  const streams = new Map<string, SpdyStream>()
  const expected = expectedStreams(options, protocol)
  const complete = Promise.withResolvers<void>()
  const gone = serveSpdy(socket, (stream) => {
    streams.set(stream.headers.get('streamtype') ?? '', stream)
    if (expected.every((type) => streams.has(type))) complete.resolve()
  })
  const timer = setTimeout(() => socket.destroy(), patienceMs)
  await Promise.race([complete.promise, gone])
  clearTimeout(timer)
  if (!expected.every((type) => streams.has(type))) return undefined
  const text = (status: Status) =>
    protocol.startsWith('v4') ? JSON.stringify(status) : status.status === 'Success' ? '' : (status.message ?? '')
  return {
    stdin: streams.get('stdin'),
    write: (to, data) => written(streams.get(to), data),
    onResize(listener) {
      const resize = streams.get('resize')
      if (resize) readSizes(resize, listener)
    },
    async finish(status) {
      const body = text(status)
      if (body) await written(streams.get('error'), Buffer.from(body))
      await Promise.all([...streams.values()].map(closed))
      socket.end()
    },
    gone,
  }
}
