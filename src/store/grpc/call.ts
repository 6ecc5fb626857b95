import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2'
import { GrpcError, grpcCode } from './grpc-error.ts'

const headerBytes = 5

/** Where calls go: one server, or several that are one. */
export interface Peer {
  /** For errors. */
  readonly name: string
  /** Throws GrpcError when there is none. */
  session(): Promise<ClientHttp2Session>
}

/** A call with one message each way. Throws GrpcError. */
export async function unary(peer: Peer, path: string, message: Buffer, timeoutMs: number): Promise<Buffer> {
  const { stream, messages } = start(peer.name, await peer.session(), path, {})
  const timer = setTimeout(
    () => stream.destroy(new GrpcError(grpcCode.deadlineExceeded, `${peer.name} gave no answer within ${timeoutMs} ms`)),
    timeoutMs,
  )
  try {
    stream.end(framed(message))
    let answer: Buffer | undefined
    for await (const received of messages) answer = received
    if (!answer) throw new GrpcError(grpcCode.unavailable, `${peer.name} ended the call without an answer`)
    return answer
  } finally {
    clearTimeout(timer)
  }
}

export interface Exchange {
  send(message: Buffer): void
  /** Throws GrpcError when the stream breaks. Read slowly, it makes the server wait. */
  readonly messages: AsyncIterable<Buffer>
  close(): void
}

/** A call with many messages each way. */
export async function exchange(peer: Peer, path: string, headers: Readonly<Record<string, string>>): Promise<Exchange> {
  const { stream, messages } = start(peer.name, await peer.session(), path, headers)
  return {
    send: (message) => void stream.write(framed(message)),
    messages,
    close: () => stream.close(),
  }
}

interface Started {
  readonly stream: ClientHttp2Stream
  readonly messages: AsyncGenerator<Buffer>
}

function start(peer: string, session: ClientHttp2Session, path: string, headers: Readonly<Record<string, string>>): Started {
  try {
    const stream = session.request(
      { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers },
      { endStream: false },
    )
    // Errors are thrown to whoever reads.
    stream.on('error', () => {})
    let status: IncomingHttpHeaders | undefined
    const note = (received: IncomingHttpHeaders) => {
      if (received['grpc-status'] !== undefined) status = received
    }
    stream.on('response', note)
    stream.on('trailers', note)
    return { stream, messages: messagesOf(peer, stream, () => status) }
  } catch (error) {
    throw new GrpcError(grpcCode.unavailable, (error as Error).message)
  }
}

function framed(message: Buffer): Buffer {
  const out = Buffer.allocUnsafe(headerBytes + message.length)
  out.writeUInt8(0, 0)
  out.writeUInt32BE(message.length, 1)
  message.copy(out, headerBytes)
  return out
}

/** The messages until the end; then throws what the trailers say, if it is not success. */
async function* messagesOf(
  peer: string,
  stream: ClientHttp2Stream,
  status: () => IncomingHttpHeaders | undefined,
): AsyncGenerator<Buffer> {
  const parts: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      parts.push(chunk)
      size += chunk.length
      if (size < neededBytes(parts)) continue
      let rest = parts.length === 1 ? chunk : Buffer.concat(parts)
      for (let length = neededBytes([rest]); rest.length >= length; length = neededBytes([rest])) {
        yield rest.subarray(headerBytes, length)
        rest = rest.subarray(length)
      }
      parts.length = 0
      if (rest.length > 0) parts.push(rest)
      size = rest.length
    }
  } catch (error) {
    throw error instanceof GrpcError ? error : new GrpcError(grpcCode.unavailable, (error as Error).message)
  }
  const code = Number(status()?.['grpc-status'] ?? grpcCode.unavailable)
  if (code !== 0) throw new GrpcError(code, messageOf(status()) || `the connection to ${peer} broke`)
}

/** The size of the first message with its header; infinite while that is not known. */
function neededBytes(parts: readonly Buffer[]): number {
  const [first] = parts
  if (!first) return Number.POSITIVE_INFINITY
  const head = first.length >= headerBytes ? first : Buffer.concat(parts)
  return head.length >= headerBytes ? headerBytes + head.readUInt32BE(1) : Number.POSITIVE_INFINITY
}

function messageOf(headers: IncomingHttpHeaders | undefined): string {
  const text = String(headers?.['grpc-message'] ?? '')
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
