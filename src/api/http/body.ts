import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import { createGunzip } from 'node:zlib'
import { StatusError } from '../../apimachinery/status.ts'

/** As kube-apiserver limits a request: 3 MiB. */
export const maxBodyBytes = 3 * 1024 * 1024

export function tooLarge(): StatusError {
  return new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${maxBodyBytes}`)
}

/** The whole body; undefined when there is none. Throws 413 past the limit, also of what a compressed body becomes. */
export async function readRequestBody(request: IncomingMessage | Http2ServerRequest): Promise<Uint8Array | undefined> {
  const { method } = request
  if (method === 'GET' || method === 'HEAD') return undefined
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge()
  const source = request.headers['content-encoding'] === 'gzip' ? request.pipe(createGunzip()) : request
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of source as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBodyBytes) throw tooLarge()
    chunks.push(chunk)
  }
  const [only] = chunks
  if (!only) return undefined
  return chunks.length === 1 ? only : Buffer.concat(chunks)
}
