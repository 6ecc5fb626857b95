import type { ApiRequest, ApiResponse, HandleRequest, UserInfo, WatchEvent } from '../api/request.ts'
import { parseJson } from '../apimachinery/json.ts'
import { type Status, StatusError } from '../apimachinery/status.ts'
import type { Client, RawRequest, RawResponse } from './client.ts'
import type { Prepared } from './paths.ts'
import { clientOver } from './transport.ts'

interface InProcessOptions {
  /** Names the fields' manager of writes that name none: the part before the slash. Default `slipway`. */
  readonly userAgent?: string
}

const never = new AbortController().signal

/** A client that calls the request pipeline itself, as `user`: the same steps as over the wire, but no socket and no bytes. */
export function inProcessClient(handle: HandleRequest, user: UserInfo, options: InProcessOptions = {}): Client {
  const agent = { 'user-agent': options.userAgent ?? 'slipway' }
  const call = (p: Prepared): Promise<ApiResponse> => {
    const request: ApiRequest = {
      method: p.method,
      path: p.path,
      query: p.query,
      headers: { ...agent, ...p.headers },
      user,
      wantsObjects: true,
      signal: p.signal ?? never,
      ...(p.body ? { body: p.body } : {}),
    }
    return handle(request)
  }
  return clientOver({
    send: async (p) => objectOf(await call(p)),
    watch: (p) => watch(call(p)),
    raw: (request) => raw(handle, user, agent, request),
  })
}

function objectOf({ status, body }: ApiResponse): object {
  const object = 'object' in body ? body.object : parsed(body)
  if (status >= 400) throw StatusError.from(object as Status)
  return object
}

/** An answer that has no object form, such as `404 page not found`. */
function parsed(body: ApiResponse['body']): object {
  const text = 'bytes' in body ? Buffer.from(body.bytes).toString('utf8') : ''
  try {
    return parseJson(text) as object
  } catch {
    return new StatusError(404, 'NotFound', text.trim()).status
  }
}

async function* watch(answer: Promise<ApiResponse>): AsyncGenerator<readonly WatchEvent[]> {
  const response = await answer
  if (response.status >= 400 || !('events' in response.body)) {
    objectOf(response)
    return
  }
  yield* response.body.events
}

async function raw(handle: HandleRequest, user: UserInfo, agent: Record<string, string>, r: RawRequest): Promise<RawResponse> {
  const mark = r.path.indexOf('?')
  const response = await handle({
    method: r.method,
    path: mark < 0 ? r.path : r.path.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : r.path.slice(mark + 1)),
    headers: { ...agent, ...r.headers },
    user,
    signal: r.signal ?? never,
    ...(r.body ? { body: r.body } : {}),
  })
  return { status: response.status, headers: response.headers, body: pieces(response.body) }
}

async function* pieces(body: ApiResponse['body']): AsyncGenerator<Uint8Array> {
  if ('bytes' in body) yield body.bytes
  else if ('chunks' in body) yield* body.chunks
  else if ('stream' in body) yield* body.stream
}
