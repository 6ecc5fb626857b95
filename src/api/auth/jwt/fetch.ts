import { request } from 'node:https'

interface FetchOptions {
  /** PEM of who may have signed the server's certificate; undefined: the system's authorities. */
  readonly authority: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
}

interface Fetched {
  readonly status: number
  /** As in `404 Not Found`. */
  readonly statusLine: string
  readonly text: string
}

const maxBytes = 1 << 20
const defaultTimeoutMs = 30_000

/**
 * Gets a URL of an issuer, over HTTPS only and without following it elsewhere. Throws an Error that names the URL; headers are never in it, and
 * answers are read up to a mebibyte.
 */
export function fetchText(
  url: string,
  { authority, headers = {}, timeoutMs = defaultTimeoutMs }: FetchOptions,
): Promise<Fetched> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`Get ${JSON.stringify(url)}: ${why}`))
    if (!url.startsWith('https://') || !URL.canParse(url)) {
      fail('URL scheme must be https')
      return
    }
    const call = request(url, {
      ...(authority ? { ca: authority, allowPartialTrustChain: true } : {}),
      headers: { accept: 'application/json', ...headers },
      signal: AbortSignal.timeout(timeoutMs),
    })
    call.on('error', (error) => fail(error.name === 'TimeoutError' ? 'context deadline exceeded' : error.message))
    call.on('response', (response) => {
      const parts: Buffer[] = []
      let size = 0
      response.on('error', (error) => fail(error.message))
      response.on('data', (part: Buffer) => {
        size += part.length
        if (size > maxBytes) call.destroy(new Error(`the answer is longer than ${maxBytes} bytes`))
        else parts.push(part)
      })
      response.on('end', () => {
        const { statusCode: status = 0, statusMessage = '' } = response
        resolve({ status, statusLine: `${status} ${statusMessage}`.trim(), text: Buffer.concat(parts).toString() })
      })
    })
    call.end()
  })
}
