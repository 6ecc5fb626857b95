import type { IncomingMessage } from 'node:http'
import { type Agent, request } from 'node:https'
import type { Answer, Wired } from './answer.ts'

/** How long the server may take to begin its answer. */
const answerTimeoutMs = 60_000

/** Sends a request to a server that does not speak HTTP/2, such as one behind an old proxy. */
export function sendHttp1(place: { readonly host: string; readonly port: number }, agent: Agent, wired: Wired): Promise<Answer> {
  const { method, path, headers, body, signal } = wired
  return new Promise((resolve, reject) => {
    const req = request(
      {
        agent,
        ...place,
        method,
        path,
        headers: { ...fieldsOf(headers), ...(body ? { 'content-length': body.length } : {}) },
        ...(signal ? { signal } : {}),
      },
      (answer) => {
        req.setTimeout(0)
        resolve(answerOf(answer))
      },
    )
    req.setTimeout(answerTimeoutMs, () =>
      req.destroy(new Error(`${place.host}:${place.port} did not answer within ${answerTimeoutMs / 1000} s`)),
    )
    req.once('error', reject)
    req.end(body)
  })
}

/** Values that are joined by line feeds are several fields. */
const fieldsOf = (headers: Wired['headers']): Record<string, string | string[]> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.includes('\n') ? value.split('\n') : value]))

function answerOf(message: IncomingMessage): Answer {
  return {
    status: message.statusCode ?? 0,
    get headers() {
      const headers: Record<string, string> = {}
      for (const [name, value] of Object.entries(message.headers)) {
        if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join('\n')
      }
      return headers
    },
    body: message,
    async text() {
      const chunks: Buffer[] = []
      for await (const chunk of message) chunks.push(chunk as Buffer)
      return Buffer.concat(chunks).toString('utf8')
    },
    close: () => void message.destroy(),
  }
}
