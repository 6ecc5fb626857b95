import { spawn } from 'node:child_process'
import net from 'node:net'
import { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type SpdyStream, serveSpdy } from './spdy-connection.ts'

export const portForwardProtocol = 'portforward.k8s.io'
/** SPDY inside the messages of a WebSocket, as kubectl does since 1.31. */
export const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io'

/** Where a pod's ports are: its address, and the process whose network namespace has what listens on localhost only. */
interface PortTarget {
  readonly ip: string
  readonly sandboxPid: number
}

function dial(host: string, port: number): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, allowHalfOpen: true })
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
    socket.once('error', reject)
  })
}

/** A connection to the pod's own localhost, carried by netcat inside its network namespace. */
function dialInside(pid: number, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const command = `command -v busybox >/dev/null && exec busybox nc 127.0.0.1 ${port}; exec nc 127.0.0.1 ${port}`
    const child = spawn('nsenter', ['-t', String(pid), '-n', 'sh', '-c', command], { stdio: ['pipe', 'pipe', 'pipe'] })
    let why = ''
    child.stderr.on('data', (chunk: Buffer) => (why = (why + chunk.toString('utf8')).slice(0, 500)))
    child.once('error', reject)
    const both = Duplex.from({ readable: child.stdout, writable: child.stdin })
    both.on('error', () => {})
    // netcat says nothing when it connects; one that cannot ends at once.
    const timer = setTimeout(() => resolve(both), 200)
    child.once('exit', (code) => {
      clearTimeout(timer)
      if (code !== 0) reject(new Error(why.trim() || `netcat exited with ${code}`))
      else resolve(both)
    })
  })
}

/** Connects to `port` of the pod: by its address, then on its localhost. */
async function connectToPod(target: PortTarget, port: number): Promise<Duplex> {
  try {
    return await dial(target.ip, port)
  } catch (error) {
    if (target.sandboxPid === 0) throw error
    return dialInside(target.sandboxPid, port).catch(() => {
      throw error
    })
  }
}

interface Pair {
  data?: SpdyStream
  error?: SpdyStream
}

const mostRequests = 1000

async function forward(target: PortTarget, name: string, pair: Required<Pair>): Promise<void> {
  const port = Number(pair.data.headers.get('port'))
  const fail = (why: string) => {
    pair.error.end(`error forwarding port ${port} to pod ${name}: ${why}`)
    pair.data.end()
  }
  if (!Number.isInteger(port) || port < 1 || port > 65535) return fail('"port" header is not a port')
  let socket: Duplex
  try {
    socket = await connectToPod(target, port)
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }
  const inward = pipeline(pair.data, socket).catch(() => undefined)
  const outward = pipeline(socket, pair.data).catch(() => undefined)
  await outward
  // The pod's side is closed: nothing more can be said to it.
  socket.destroy()
  await inward
  pair.error.end()
}

/** Carries connections between the client's SPDY streams and the pod, until the client goes. */
export function servePortForward(socket: Duplex, target: PortTarget, podName: string): Promise<void> {
  const pairs = new Map<string, Pair>()
  return serveSpdy(socket, (stream) => {
    const request = stream.headers.get('requestid') ?? ''
    const type = stream.headers.get('streamtype')
    if (pairs.size > mostRequests || (type !== 'data' && type !== 'error')) {
      stream.destroy()
      return
    }
    const pair = pairs.get(request) ?? {}
    pair[type] = stream
    pairs.set(request, pair)
    // The error stream is the client's to end: nothing is read from it, but its end must be taken.
    if (type === 'error') stream.resume()
    if (!pair.data || !pair.error) return
    pairs.delete(request)
    void forward(target, podName, { data: pair.data, error: pair.error })
  })
}
