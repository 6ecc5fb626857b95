// Downloads with a deadline and a limit.
import { ChartError } from '../chart/chart.ts'

const TIMEOUT_MS = 120_000
export const MAX_DOWNLOAD = 110 * 1024 * 1024

export interface Credentials {
  readonly username?: string | undefined
  readonly password?: string | undefined
}

export const basic = (c: Credentials): Record<string, string> =>
  c.username === undefined
    ? {}
    : { authorization: `Basic ${Buffer.from(`${c.username}:${c.password ?? ''}`).toString('base64')}` }

/** The body of a URL. Throws ChartError with URL and status. */
export async function download(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Buffer> {
  const response = await request(url, { headers })
  if (!response.ok) throw new ChartError(`failed to fetch ${url} : ${response.status} ${response.statusText}`)
  return readBody(response, url)
}

/** fetch with a deadline; network errors as ChartError. */
export async function request(url: string, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), ...init })
  } catch (e) {
    const cause = (e as Error).cause
    throw new ChartError(`could not reach ${url}: ${cause instanceof Error ? cause.message : (e as Error).message}`)
  }
}

export async function readBody(response: Response, url: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > MAX_DOWNLOAD) throw new ChartError(`${url} is larger than ${MAX_DOWNLOAD} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
