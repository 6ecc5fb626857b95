// Redirects as Go's http.Client follows them.
import type { IncomingMessage } from 'node:http'
import { type Exchange, PostError, shownUrl } from './exchange.ts'

const mostExchanges = 10

/** What to ask next; undefined: `answer` leads nowhere else. `count`: so many were asked. Throws PostError. */
export function redirected(
  { statusCode: status = 500, headers }: IncomingMessage,
  last: Exchange,
  count: number,
): Exchange | undefined {
  const changesMethod = status === 301 || status === 302 || status === 303
  if (!changesMethod && status !== 307 && status !== 308) return undefined
  const { location } = headers
  if (!location) return undefined
  const url = parsed(location, last)
  if (count >= mostExchanges) throw new PostError(`stopped after ${mostExchanges} redirects`, location)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new PostError(`unsupported protocol scheme ${JSON.stringify(url.protocol.slice(0, -1))}`, shownUrl(url))
  }
  return { url, method: changesMethod ? 'GET' : last.method, referer: refererOf(last.url, url) }
}

function parsed(location: string, { url }: Exchange): URL {
  try {
    return new URL(location, url)
  } catch {
    const why = /^[a-z]+:\/\/\[[^\]/]*(\/|$)/i.test(location) ? "missing ']' in host" : 'invalid URI for request'
    const quoted = JSON.stringify(location)
    throw new PostError(`failed to parse Location header ${quoted}: parse ${quoted}: ${why}`, shownUrl(url))
  }
}

/** Not told to who is asked without encryption; and no credentials. */
function refererOf(from: URL, to: URL): string | undefined {
  if (from.protocol === 'https:' && to.protocol === 'http:') return undefined
  const shown = new URL(from)
  shown.username = ''
  shown.password = ''
  shown.hash = ''
  return shown.href
}
