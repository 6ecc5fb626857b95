import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { badRequest, StatusError } from '../../apimachinery/status.ts'
import type { Exchange } from './exchange.ts'

/** As kube-apiserver limits a request: 3 MiB. */
const maxBodyBytes = 3 * 1024 * 1024

const decompress = promisify(gunzip)

export function tooLarge(): StatusError {
  return new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${maxBodyBytes}`)
}

/** The whole body; undefined when there is none. Throws 413 past the limit, also of what a compressed body becomes. */
export async function readRequestBody(exchange: Exchange): Promise<Uint8Array | undefined> {
  const { method, headers } = exchange
  if (method === 'GET' || method === 'HEAD') return undefined
  const bytes = await exchange.readBody(maxBodyBytes)
  if (!bytes || headers['content-encoding'] !== 'gzip') return bytes
  try {
    return await decompress(bytes, { maxOutputLength: maxBodyBytes })
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge()
    throw badRequest(`the body is not gzip: ${(error as Error).message}`)
  }
}
