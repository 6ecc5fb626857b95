import type { IncomingMessage } from 'node:http'
import type { Answer } from './answer.ts'

const mostBytes = 10 * 1024 * 1024

/** Throws an Error in client-go's words when the answer breaks off. */
export async function bodyOf(response: IncomingMessage, signal: AbortSignal): Promise<Answer> {
  const { statusCode: status = 500, headers } = response
  try {
    return { status, type: headers['content-type'] ?? '', text: (await whole(response)).toString() }
  } catch (error) {
    response.destroy()
    const why = signal.aborted ? 'context deadline exceeded' : goReadError(error as Error)
    throw new Error(`unexpected error when reading response body. Please retry. Original error: ${why}`)
  }
}

async function whole(response: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of response as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > mostBytes) throw new Error('http: response body too large')
    pieces.push(piece)
  }
  const bytes = Buffer.concat(pieces)
  if (response.headers['content-encoding']?.toLowerCase() !== 'gzip') return bytes
  const { gunzip } = process.getBuiltinModule('node:zlib')
  return new Promise((resolve, reject) => {
    gunzip(bytes, { maxOutputLength: mostBytes }, (error, result) => (error ? reject(error) : resolve(result)))
  })
}

function goReadError({ message, code }: Error & { readonly code?: string }): string {
  if (code === 'ECONNRESET' || code === 'Z_BUF_ERROR') return 'unexpected EOF'
  if (code === 'Z_DATA_ERROR') return 'gzip: invalid header'
  if (code === 'ERR_BUFFER_TOO_LARGE') return 'http: response body too large'
  return message
}
