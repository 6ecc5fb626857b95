// The schemas that a chart's values.schema.json refers to: who calls a chart verb trusts the chart that far, as with Helm.
import { readFile } from 'node:fs/promises'
import { STATUS_CODES } from 'node:http'
import { fileURLToPath } from 'node:url'
import { readBody } from '../../helmlike/package/http.ts'

/** As long as Helm waits. */
const TIMEOUT_MS = 15_000

/** The text at a URL of http, https or file. Throws Error in Helm's words. */
export async function loadSchema(url: string): Promise<string> {
  if (url.startsWith('file:')) {
    const path = fileURLToPath(url)
    return readFile(path, 'utf8').catch((e: NodeJS.ErrnoException) => {
      throw new Error(e.code === 'ENOENT' ? `open ${path}: no such file or directory` : e.message)
    })
  }
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((e: Error) => {
    throw new Error(`HTTP request failed for ${url}: Get ${JSON.stringify(url)}: ${reason(e)}`)
  })
  if (response.status !== 200)
    throw new Error(`HTTP request to ${url} returned status ${response.status} (${STATUS_CODES[response.status] ?? ''})`)
  return (await readBody(response, url)).toString('utf8')
}

/** Why a request failed, as Go says it. */
function reason(e: Error): string {
  const cause = (e.cause ?? e) as NodeJS.ErrnoException & { address?: string; port?: number; hostname?: string }
  if (cause.code === 'ECONNREFUSED') return `dial tcp ${cause.address}:${cause.port}: connect: connection refused`
  if (cause.code === 'ENOTFOUND') return `dial tcp: lookup ${cause.hostname}: no such host`
  return cause.message
}
