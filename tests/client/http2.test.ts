// Our client against node's own server of HTTP/2: what one writes, the other has not learned from it.
import { mkdtemp, rm } from 'node:fs/promises'
import {
  constants,
  createSecureServer,
  type Http2SecureServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openPki, type Pki } from '../../src/api/auth/pki.ts'
import type { Client, RawRequest } from '../../src/client/client.ts'
import { httpsClient } from '../../src/client/https.ts'

let directory: string
let pki: Pki

test.before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-http2-'))
  pki = await openPki({ directory, serviceAddress: '10.43.0.1' })
})

test.after(() => rm(directory, { recursive: true }))

type OnStream = (stream: ServerHttp2Stream, path: string, request: { readonly attempt: number }) => void

interface Served {
  readonly client: Client
  readonly server: Http2SecureServer
  /** Connections that were made. */
  readonly sessions: ServerHttp2Session[]
  stop(): Promise<void>
}

async function serve(onStream: OnStream, settings = {}): Promise<Served> {
  const server = createSecureServer({ ...pki.serving, settings })
  const sessions: ServerHttp2Session[] = []
  let attempt = 0
  server.on('session', (session) => {
    sessions.push(session)
    session.on('error', () => {})
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    onStream(stream, headers[':path'] ?? '', { attempt: ++attempt })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const client = httpsClient({ server: `https://127.0.0.1:${port}`, ca: pki.caCert })
  const stop = async () => {
    for (const session of sessions) session.destroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return { client, server, sessions, stop }
}

const answer = (stream: ServerHttp2Stream, text: string) => {
  stream.respond({ ':status': 200, 'content-type': 'text/plain' })
  stream.end(text)
}

async function textOf(client: Client, request: Partial<RawRequest> = {}): Promise<string> {
  const { body } = await client.raw({ method: 'GET', path: '/', ...request })
  return Buffer.concat(await Array.fromAsync(body)).toString()
}

const failure = (asked: Promise<unknown>): Promise<Error & { code?: string }> =>
  asked.then(
    () => new Error('it did not fail'),
    (error: Error) => error,
  )

test('what is asked at once shares a connection; past its limit of requests others are opened', async () => {
  const { client, sessions, stop } = await serve((stream, path) => setTimeout(() => answer(stream, path), 20), {
    maxConcurrentStreams: 4,
  })
  const first = await Promise.all(['/a', '/b', '/c'].map((path) => textOf(client, { path })))
  assert.equal(first, ['/a', '/b', '/c'])
  assert.is(sessions.length, 1)
  const paths = Array.from({ length: 40 }, (_, i) => `/${i}`)
  assert.equal(await Promise.all(paths.map((path) => textOf(client, { path }))), paths)
  assert.ok(sessions.length > 1 && sessions.length <= 32, `${sessions.length} connections`)
  await stop()
})

test('bodies larger than every window arrive whole, in both directions', async () => {
  const sent = Buffer.alloc(3 * 1024 * 1024, 'request ')
  const large = 'answer '.repeat(3_000_000)
  const { client, stop } = await serve(async (stream) => {
    const body = Buffer.concat((await stream.toArray()) as Buffer[])
    answer(stream, body.equals(sent) ? large : 'broken')
  })
  assert.ok((await textOf(client, { method: 'POST', body: sent })) === large)
  await stop()
})

test('an answer that nobody takes does not hold up others', async () => {
  const { client, stop } = await serve((stream, path) => answer(stream, path === '/large' ? 'x'.repeat(6_000_000) : path))
  const { body } = await client.raw({ method: 'GET', path: '/large' })
  for (let i = 0; i < 20; i++) assert.is(await textOf(client, { path: `/${i}` }), `/${i}`)
  assert.is(
    (await Array.fromAsync(body)).reduce((n, chunk) => n + chunk.length, 0),
    6_000_000,
  )
  await stop()
})

test('headers longer than a frame arrive whole', async () => {
  const long = 'h'.repeat(40_000)
  const { client, stop } = await serve(
    (stream) => {
      stream.respond({ ':status': 200, 'x-long': long })
      stream.end(stream.sentHeaders ? 'ok' : '')
    },
    { maxHeaderListSize: 100_000 },
  )
  const { headers, body } = await client.raw({ method: 'GET', path: '/', headers: { 'X-Asked': 'y'.repeat(20_000) } })
  assert.is(headers['x-long'], long)
  assert.is(Buffer.concat(await Array.fromAsync(body)).toString(), 'ok')
  await stop()
})

test('a request that the server did not take is sent again; one that it broke off fails', async () => {
  const { client, stop } = await serve((stream, path, { attempt }) => {
    if (path === '/broken') stream.close(constants.NGHTTP2_INTERNAL_ERROR)
    else if (attempt === 1) stream.close(constants.NGHTTP2_REFUSED_STREAM)
    else answer(stream, `taken at ${attempt}`)
  })
  assert.is(await textOf(client), 'taken at 2')
  assert.match((await failure(textOf(client, { path: '/broken' }))).message, /ended the request/)
  await stop()
})

test('a server that goes away ends what runs in peace, and is connected to anew', async () => {
  let finish = () => {}
  const { client, sessions, stop } = await serve((stream, path) => {
    if (path === '/slow') finish = () => answer(stream, path)
    else answer(stream, path)
  })
  const slow = textOf(client, { path: '/slow' })
  assert.is(await textOf(client, { path: '/first' }), '/first')
  sessions[0]?.close()
  assert.is(await textOf(client, { path: '/second' }), '/second')
  finish()
  assert.is(await slow, '/slow')
  assert.is(sessions.length, 2)
  await stop()
})

test('a connection that is cut fails what waits on it, and the next request has another', async () => {
  const { client, sessions, stop } = await serve((stream, path) => {
    if (path === '/begun') {
      stream.respond({ ':status': 200 })
      stream.write('some')
    } else if (path !== '/never') answer(stream, path)
  })
  const { body } = await client.raw({ method: 'GET', path: '/begun' })
  const never = failure(textOf(client, { path: '/never' }))
  await textOf(client, { path: '/first' })
  sessions[0]?.socket.destroy()
  assert.is((await never).code, 'ECONNRESET')
  assert.is((await failure(Array.fromAsync(body))).code, 'ECONNRESET')
  assert.is(await textOf(client, { path: '/second' }), '/second')
  await stop()
})

test('an abort ends the request at both ends, before and during its answer', async () => {
  const closed: string[] = []
  const { client, stop } = await serve((stream, path) => {
    stream.on('close', () => closed.push(path))
    if (path === '/begun') {
      stream.respond({ ':status': 200 })
      stream.write('some')
    } else if (path === '/last') answer(stream, closed.join())
  })
  const reason = new Error('enough')
  const [one, two] = [new AbortController(), new AbortController()]
  const waiting = failure(textOf(client, { path: '/waits', signal: one.signal }))
  const { body } = await client.raw({ method: 'GET', path: '/begun', signal: two.signal })
  const reading = failure(Array.fromAsync(body))
  one.abort(reason)
  two.abort(reason)
  assert.is(await waiting, reason)
  assert.is(await reading, reason)
  assert.is(await failure(textOf(client, { signal: AbortSignal.abort(reason) })), reason)
  assert.is(await textOf(client, { path: '/last' }), '/waits,/begun')
  await stop()
})

test('a server that speaks HTTP/1.1 only is spoken to in that', async () => {
  const server = createServer({ ...pki.serving }, (request, response) => response.end(`${request.httpVersion} ${request.url}`))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const client = httpsClient({ server: `https://127.0.0.1:${port}/base`, ca: pki.caCert })
  assert.equal(await Promise.all(['/a', '/b'].map((path) => textOf(client, { path }))), ['1.1 /base/a', '1.1 /base/b'])
  server.closeAllConnections()
  await new Promise<void>((resolve) => server.close(() => resolve()))
})

test('a server that is not there, or whose certificate is not believed, is an error that says so', async () => {
  const { server, stop } = await serve((stream, path) => answer(stream, path))
  const { port } = server.address() as AddressInfo
  const stranger = httpsClient({ server: `https://127.0.0.1:${port}` })
  assert.match((await failure(textOf(stranger))).message, /certificate/)
  await stop()
  const gone = httpsClient({ server: `https://127.0.0.1:${port}`, ca: pki.caCert })
  assert.is((await failure(textOf(gone))).code, 'ECONNREFUSED')
})

test.run()
