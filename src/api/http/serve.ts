import type { TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { goJson } from '../../apimachinery/go-quote.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { shownBy } from '../auth/client-certificate.ts'
import { isFrontProxy, shownByProxy } from '../auth/front-proxy.ts'
import type { ApiRequest, ApiResponse, HandleRequest, Sink } from '../request.ts'
import { readRequestBody } from './body.ts'
import type { Exchange, HeaderValues } from './exchange.ts'

/** Answers shorter than this are not worth compressing (kube-apiserver's own threshold). */
const gzipAbove = 128 * 1024
const compress = promisify(gzip)

/** Made once: a reason of one's own would cost a stack trace a request. */
const closedEarly = new Error('the client has gone')

/** One request over the wire. Never throws. */
export async function serve(handle: HandleRequest, exchange: Exchange): Promise<void> {
  try {
    const body = await readRequestBody(exchange).catch(refusal)
    if (isMalformed(exchange.url)) return await respond(exchange, malformed)
    await respond(exchange, await handle(apiRequest(exchange, body)))
  } catch (error) {
    fail(exchange, error)
  }
}

/** Who may not ask at all is told that first, and it is logged as any other request. */
function refusal(error: unknown): StatusError {
  if (error instanceof StatusError) return error
  throw error
}

/** Go's server refuses a path with a broken escape before anyone sees the request. */
const isMalformed = (url: string): boolean => url.includes('%') && /^[^?]*%(?![0-9a-fA-F]{2})/.test(url)

const malformed: ApiResponse = {
  status: 400,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: { bytes: Buffer.from('400 Bad Request') },
}

/** Nobody writes into the query of a request. */
const noQuery = new URLSearchParams()

/** The query as Go reads it: a pair with a broken escape or a semicolon is not there. */
function queryOf(text: string): URLSearchParams {
  if (text === '') return noQuery
  if (!/%(?![0-9a-fA-F]{2})|;/.test(text)) return new URLSearchParams(text)
  return new URLSearchParams(
    text
      .split('&')
      .filter((pair) => !/%(?![0-9a-fA-F]{2})|;/.test(pair))
      .join('&'),
  )
}

/** The request as the pipeline sees it. */
export function apiRequest(
  exchange: Pick<Exchange, 'method' | 'url' | 'headers' | 'socket' | 'whenGone'>,
  body?: Uint8Array | StatusError,
): ApiRequest {
  const { method, url, headers, socket } = exchange
  const mark = url.indexOf('?')
  const { user, isDoubtful } = isFrontProxy(socket) ? shownByProxy(socket, headers) : shownBy(socket, Date.now())
  let gone: AbortController | undefined
  return {
    method,
    uri: url,
    path: mark < 0 ? url : url.slice(0, mark),
    query: queryOf(mark < 0 ? '' : url.slice(mark + 1)),
    headers,
    ...(user ? { user } : {}),
    ...(isDoubtful ? { isDoubtful } : {}),
    ...(body ? (body instanceof StatusError ? { unreadable: body } : { body }) : {}),
    ...(socket.remoteAddress ? { remoteAddress: socket.remoteAddress } : {}),
    /** Made when somebody asks: few do, and it costs more than most requests. */
    get signal() {
      if (!gone) {
        const controller = new AbortController()
        gone = controller
        exchange.whenGone(() => controller.abort(closedEarly))
      }
      return gone.signal
    },
  }
}

async function respond(exchange: Exchange, response: ApiResponse): Promise<void> {
  const { status, body } = response
  const headers = headersOf(response)
  if ('stream' in body) {
    const sink = exchange.open(status, headers)
    if (!body.feed) return pour(sink, exchange, body.stream)
    const stop = body.feed(sink)
    if (exchange.method === 'HEAD') stop()
    else exchange.whenGone(stop)
    return
  }
  if ('bytes' in body) return whole(exchange, status, headers, [body.bytes])
  if ('chunks' in body) return whole(exchange, status, headers, body.chunks)
  throw new Error('an answer in objects cannot be sent over the wire')
}

/** Node writes a header's letters as one byte each: warnings, which quote what a client sent, become bytes of UTF-8, as Go writes them. */
function headersOf({ headers }: ApiResponse): HeaderValues {
  if (headers.warning === undefined) return headers
  return { ...headers, warning: Buffer.from(headers.warning, 'utf8').toString('latin1').split('\n') }
}

/** On one's own machine compressing takes longer than sending. */
const isLocal = ({ remoteAddress = '' }: TLSSocket): boolean =>
  remoteAddress === '::1' || /^(?:::ffff:)?127\./.test(remoteAddress)

async function whole(exchange: Exchange, status: number, headers: HeaderValues, chunks: readonly Uint8Array[]): Promise<void> {
  const size = chunks.reduce((sum, c) => sum + c.length, 0)
  if (size > gzipAbove && /\bgzip\b/.test(exchange.headers['accept-encoding'] ?? '') && !isLocal(exchange.socket)) {
    const bytes = await compress(Buffer.concat(chunks), { level: 1 })
    const vary = ['Accept-Encoding', ...(headers.vary && !String(headers.vary).includes('Accept-Encoding') ? [headers.vary] : [])]
    const encoded = { 'content-encoding': 'gzip', vary: vary.join(', '), 'content-length': String(bytes.length) }
    exchange.answer(status, { ...headers, ...encoded }, [bytes])
  } else if (status === 304) exchange.answer(status, headers, chunks)
  else exchange.answer(status, { ...headers, 'content-length': String(size) }, chunks)
}

async function pour(sink: Sink, exchange: Exchange, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  if (exchange.method === 'HEAD') return sink.end()
  let resume = () => {}
  sink.onDrain = () => resume()
  exchange.whenGone(() => resume())
  try {
    for await (const piece of pieces) {
      if (exchange.isGone) return
      if (!sink.write(piece) && !exchange.isGone) {
        await new Promise<void>((resolve) => {
          resume = resolve
        })
      }
    }
    sink.end()
  } catch (error) {
    sink.abort()
    throw error
  }
}

function fail(exchange: Exchange, error: unknown): void {
  if (exchange.isGone) return
  const status = error instanceof StatusError ? error : new StatusError(500, 'InternalError', 'Internal error occurred')
  if (!(error instanceof StatusError)) console.error('while answering a request:', error)
  if (exchange.isAnswered) return
  const bytes = Buffer.from(goJson(status.status))
  const headers = { 'content-type': 'application/json', 'content-length': String(bytes.length) }
  exchange.answer(status.code, headers, [bytes])
}
