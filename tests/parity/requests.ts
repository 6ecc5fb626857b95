import type { IncomingMessage } from 'node:http'
import { Agent, type RequestOptions, request } from 'node:https'
import type { Identity } from './case.ts'

interface Credentials {
  readonly server: string
  readonly ca: Buffer
  readonly token: string
}

export interface Answer {
  readonly status: number
  readonly type: string
  readonly warnings: readonly string[]
  readonly retryAfter: string | undefined
  readonly raw: Buffer
  /** undefined: it is no JSON. */
  readonly json: unknown
}

export interface Request {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | undefined
  readonly as?: Identity | undefined
}

const secondsAtMost = 60
/** After the last event that is waited for, to see that there are no more. */
const quietMs = 150

/** A judge's connections to an API server. */
export class Requests {
  private readonly url: URL
  private readonly token: string
  private readonly agent: Agent

  constructor({ server, ca, token }: Credentials) {
    this.url = new URL(server)
    this.token = token
    this.agent = new Agent({ keepAlive: true, ca })
  }

  close(): void {
    this.agent.destroy()
  }

  private options({ method, path, headers, body, as }: Request): RequestOptions {
    const needsLength = body !== undefined || ['POST', 'PUT', 'PATCH'].includes(method)
    return {
      host: this.url.hostname,
      port: this.url.port,
      method,
      path,
      agent: this.agent,
      headers: {
        'user-agent': 'parity/1.0',
        ...identityHeaders(as, this.token),
        ...headers,
        ...(needsLength ? { 'content-length': String(body?.length ?? 0) } : {}),
      },
    }
  }

  private respond(asked: Request): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const sent = request(this.options(asked), resolve)
      sent.setTimeout(secondsAtMost * 1000, () => sent.destroy(new Error('no answer')))
      sent.once('error', reject)
      sent.end(asked.body)
    })
  }

  async send(asked: Request): Promise<Answer> {
    const response = await this.respond(asked)
    const parts: Buffer[] = []
    for await (const part of response) parts.push(part as Buffer)
    return answerOf(response, Buffer.concat(parts))
  }

  /** Reads a stream of JSON lines: until `events` came (and no more within a moment), or for `seconds`. */
  async watch(asked: Request, seconds: number, events: number | undefined): Promise<Answer> {
    const response = await this.respond(asked)
    if (response.statusCode !== 200) {
      const parts: Buffer[] = []
      for await (const part of response) parts.push(part as Buffer)
      return answerOf(response, Buffer.concat(parts))
    }
    const found = await eventsOf(response, seconds, events)
    response.destroy()
    return { ...answerOf(response, Buffer.alloc(0)), json: { events: found } }
  }
}

function eventsOf(response: IncomingMessage, seconds: number, wanted: number | undefined): Promise<unknown[]> {
  const found: unknown[] = []
  let rest = ''
  return new Promise((resolve) => {
    const done = () => resolve(found)
    const end = setTimeout(done, seconds * 1000)
    let quiet: NodeJS.Timeout | undefined
    const settle = () => {
      clearTimeout(quiet)
      if (wanted !== undefined && found.length >= wanted) quiet = setTimeout(done, quietMs)
    }
    settle()
    response.setEncoding('utf8')
    const take = (line: string) => {
      const event = line.trim() === '' ? undefined : parsed(line)
      if (event !== undefined && !isPeriodicBookmark(event)) found.push(event)
    }
    response.on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      lines.forEach(take)
      settle()
    })
    response.on('end', () => take(rest))
    response.on('error', done)
    response.on('close', () => {
      clearTimeout(end)
      clearTimeout(quiet)
      done()
    })
  })
}

type Event = { type?: string; object?: { kind?: string; rows?: { object?: Marked }[] } & Marked }
type Marked = { metadata?: { annotations?: Record<string, string> } }

/** Bookmarks other than the one that ends the initial events come when time says so. */
function isPeriodicBookmark(event: unknown): boolean {
  const { type, object } = event as Event
  if (type !== 'BOOKMARK' || !object) return false
  const marked = object.kind === 'Table' ? object.rows?.[0]?.object : object
  return marked?.metadata?.annotations?.['k8s.io/initial-events-end'] === undefined
}

function identityHeaders(as: Identity | undefined, own: string): Record<string, string | string[]> {
  if (as?.anonymous) return {}
  const authorization = `Bearer ${as?.token ?? own}`
  if (as?.user === undefined) return { authorization }
  const extra = Object.entries(as.extra ?? {}).map(([key, values]) => [`impersonate-extra-${key}`, [...values]])
  return {
    authorization,
    'impersonate-user': as.user,
    ...(as.groups?.length ? { 'impersonate-group': [...as.groups] } : {}),
    ...(as.uid === undefined ? {} : { 'impersonate-uid': as.uid }),
    ...Object.fromEntries(extra),
  }
}

function answerOf(response: IncomingMessage, raw: Buffer): Answer {
  const { headers, rawHeaders } = response
  const warnings = rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === 'warning')
  return {
    status: response.statusCode ?? 0,
    type: headers['content-type'] ?? '',
    warnings,
    retryAfter: headers['retry-after'],
    raw,
    json: raw.length > 0 ? parsed(raw.toString()) : undefined,
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
