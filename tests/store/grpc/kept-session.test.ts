import { once } from 'node:events'
import { connect, createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Peer, unary } from '../../../src/store/grpc/call.ts'
import { GrpcError } from '../../../src/store/grpc/grpc-error.ts'
import { connected, KeptSession } from '../../../src/store/grpc/kept-session.ts'

interface Context {
  server: Http2Server
  /** As they came. */
  sessions: ServerHttp2Session[]
  kept: KeptSession
}

const test = suite<Context>('kept session')

test.before.each(async (context) => {
  context.server = createServer()
  context.sessions = []
  context.server.on('session', (session) => context.sessions.push(session))
  context.server.listen(0, '127.0.0.1')
  await once(context.server, 'listening')
  const { port } = context.server.address() as AddressInfo
  context.kept = new KeptSession('the server', () => connected(connect(`http://127.0.0.1:${port}`)))
})

test.after.each(({ server, sessions, kept }) => {
  kept.close()
  for (const session of sessions) session.destroy()
  server.close()
})

const call = (peer: Peer): Promise<string> => unary(peer, '/call', Buffer.alloc(0), 5000).then(String)

const nextCall = async (server: Http2Server): Promise<ServerHttp2Stream> => (await once(server, 'stream'))[0]

function answer(stream: ServerHttp2Stream, text: string): void {
  const message = Buffer.alloc(5 + text.length)
  message.writeUInt32BE(text.length, 1)
  message.write(text, 5)
  stream.respond({}, { waitForTrailers: true })
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.end(message)
}

test('calls share one session', async ({ server, sessions, kept }) => {
  server.on('stream', (stream: ServerHttp2Stream) => answer(stream, 'yes'))
  assert.equal(await Promise.all([call(kept), call(kept)]), ['yes', 'yes'])
  assert.is(await call(kept), 'yes')
  assert.is(sessions.length, 1)
})

test('after GOAWAY the call that runs ends on its session, and the next ones share a new one, also once the old one has closed', async ({
  server,
  sessions,
  kept,
}) => {
  const firstStream = nextCall(server)
  const first = call(kept)
  const stream = await firstStream
  const old = await kept.session()
  const told = once(old, 'goaway')
  sessions[0]?.goaway(0, 2 ** 31 - 1)
  await told
  server.on('stream', (later: ServerHttp2Stream) => answer(later, 'new'))
  assert.is(await call(kept), 'new')
  const closed = once(old, 'close')
  answer(stream, 'old')
  assert.is(await first, 'old')
  await closed
  assert.is(await call(kept), 'new')
  assert.is(sessions.length, 2)
})

test('a session that broke is replaced by the next call', async ({ server, sessions, kept }) => {
  const socket = once(server, 'connection')
  server.on('stream', (stream: ServerHttp2Stream) => answer(stream, 'yes'))
  await call(kept)
  const closed = once(await kept.session(), 'close')
  ;((await socket)[0] as Socket).destroy()
  await closed
  assert.is(await call(kept), 'yes')
  assert.is(sessions.length, 2)
})

test('a server that cannot be reached is tried anew by each call, and told of as UNAVAILABLE', async () => {
  let tries = 0
  const kept = new KeptSession('nobody', () => connected(connect(`http://127.0.0.1:1/${++tries}`)))
  for (const _ of [1, 2]) {
    const error = await call(kept).catch((thrown: unknown) => thrown)
    assert.instance(error, GrpcError)
    assert.is((error as GrpcError).codeName, 'Unavailable')
    assert.match((error as GrpcError).message, 'ECONNREFUSED')
  }
  assert.is(tries, 2)
})

test('closing ends the calls of all sessions, also of one that was going, and refuses later ones', async ({
  server,
  sessions,
  kept,
}) => {
  const arrived = nextCall(server)
  const running = call(kept).catch((error: GrpcError) => error.codeName)
  ;(await arrived).on('error', () => {})
  const told = once(await kept.session(), 'goaway')
  sessions[0]?.goaway(0, 2 ** 31 - 1)
  await told
  kept.close()
  assert.is(await running, 'Unavailable')
  const error = await call(kept).catch((thrown: Error) => thrown)
  assert.match((error as Error).message, 'the connection to the server is closed')
})

test.run()
