import net, { type AddressInfo, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Connection } from '../../../src/api/http/http2/connection.ts'
import { limits } from '../../../src/api/http/http2/limits.ts'
import type { Stream } from '../../../src/api/http/http2/stream.ts'
import type { Sink } from '../../../src/api/request.ts'
import { ErrorCode, Flag, FrameType, frame, preface, SettingId } from '../../../src/http2/frame.ts'
import { encodeHeaders } from '../../../src/http2/hpack-encoder.ts'
import { type Frame, RawPeer } from '../http/test-port.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** What buffers hold more than `before`, once what was read and answered is swept: V8 does that beside, after the collection. */
async function heldAfter(before: number): Promise<number> {
  const deadline = performance.now() + 5000
  for (;;) {
    collectGarbage()
    const held = process.memoryUsage().arrayBuffers - before
    if (held < 1024 * 1024 || performance.now() > deadline) return held
    await setTimeout(20)
  }
}

let server: net.Server
let accepted: (connection: Connection) => void = () => {}
let sinks: Sink[] = []
let bodies: Promise<unknown>[] = []

/** GET /watch stays open; everything else is answered when its body is there. */
function answer(stream: Stream): void {
  if (stream.url === '/watch') {
    sinks.push(stream.open(200, {}))
    return
  }
  const done = stream.readBody(1024 * 1024).then(
    () => stream.answer(200, {}, [Buffer.from('ok')]),
    (error: { code: number }) => stream.answer(error.code, {}, []),
  )
  bodies.push(done)
}

test.before(async () => {
  server = net.createServer((socket) => accepted(new Connection(socket as TLSSocket, answer)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
test.before.each(() => {
  sinks = []
  bodies = []
})
test.after(() => void server.close())

async function connect(): Promise<{ socket: Socket; connection: Connection }> {
  const made = new Promise<Connection>((resolve) => {
    accepted = resolve
  })
  const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1')
  return { socket, connection: await made }
}

async function peerOf(settings: Parameters<typeof RawPeer.over>[1] = []): Promise<{ peer: RawPeer; connection: Connection }> {
  const { socket, connection } = await connect()
  return { peer: RawPeer.over(socket, settings), connection }
}

/** The fields of a request; the encoder writes answers, so its status, one byte, is left out. */
const head = (path = '/', more: Record<string, string> = {}) =>
  encodeHeaders(200, { ':method': 'POST', ':scheme': 'https', ':path': path, ...more }).subarray(1)
const ends = Flag.endHeaders | Flag.endStream
const get = (peer: RawPeer, id: number, path = '/') => peer.send(FrameType.headers, ends, id, head(path))
const goaway = (f: Frame) => f.type === FrameType.goaway
const codeOf = (f: Frame | undefined): number | undefined => f?.payload.readUInt32BE(f.type === FrameType.goaway ? 4 : 0)

async function isCalmed(peer: RawPeer): Promise<void> {
  assert.is(codeOf(await peer.find(goaway)), ErrorCode.enhanceYourCalm)
  await peer.closed
}

test('requests taken back without end (rapid reset) end the connection, a thousand do not', async () => {
  const { peer } = await peerOf()
  const cancel = Buffer.from([0, 0, 0, 8])
  const both = (id: number) =>
    Buffer.concat([frame(FrameType.headers, ends, id, head('/watch')), frame(FrameType.reset, 0, id, cancel)])
  peer.socket.write(Buffer.concat(Array.from({ length: 1000 }, (_, i) => both(i * 2 + 1))))
  get(peer, 2001)
  assert.ok(await peer.find((f) => f.id === 2001 && f.type === FrameType.headers))
  peer.socket.write(Buffer.concat(Array.from({ length: 3000 }, (_, i) => both(2003 + i * 2))))
  await isCalmed(peer)
})

test('a flood of empty frames, of unknown ones, of priorities: the connection ends', async () => {
  const priority = Buffer.from([0, 0, 0, 0, 1])
  for (const useless of [frame(FrameType.priority, 0, 1, priority), frame(0x42, 0, 0), frame(FrameType.data, 0, 1)]) {
    const { peer } = await peerOf()
    peer.send(FrameType.headers, Flag.endHeaders, 1, head())
    peer.socket.write(Buffer.concat(Array.from({ length: limits.emptyFrames + 1 }, () => useless)))
    await isCalmed(peer)
  }
})

test('headers that go on and on end the connection before they take memory', async () => {
  const { peer } = await peerOf()
  peer.send(FrameType.headers, Flag.endStream, 1, head())
  const part = frame(FrameType.continuation, 0, 1, encodeHeaders(200, { 'x-a': 'y'.repeat(16_000) }).subarray(1))
  peer.socket.write(Buffer.concat(Array.from({ length: 20 }, () => part)))
  await isCalmed(peer)
})

test('a few bytes that stand for megabytes of headers get 431, and the connection goes on', async () => {
  const { peer } = await peerOf()
  const kept = Buffer.concat([
    Buffer.from([0x40, 0x01]),
    Buffer.from('a'),
    Buffer.from([0x7f, 0xa1, 0x1e]),
    Buffer.alloc(4000, 0x62),
  ])
  peer.send(FrameType.headers, ends, 1, Buffer.concat([head(), kept, Buffer.alloc(8000, 0xbe)]))
  assert.ok((await peer.find((f) => f.id === 1 && f.type === FrameType.headers))?.payload.includes('431'))
  get(peer, 3)
  assert.ok(await peer.find((f) => f.id === 3 && f.type === FrameType.data))
  peer.socket.destroy()
})

test('a peer that asks and never reads is cut, and what waits for it stays small', async () => {
  const { socket, connection } = await connect()
  socket.pause()
  socket.on('error', () => {})
  collectGarbage()
  const before = process.memoryUsage().arrayBuffers
  socket.write(Buffer.concat([preface, frame(FrameType.settings, 0, 0)]))
  const pings = Buffer.concat(Array.from({ length: 50_000 }, () => frame(FrameType.ping, 0, 0, Buffer.alloc(8))))
  let most = 0
  const closed = new Promise<void>((resolve) => connection.socket.once('close', () => resolve()))
  const send = (error?: Error | null) => {
    most = Math.max(most, connection.socket.writableLength)
    if (!error && !socket.destroyed) socket.write(pings, send)
  }
  send()
  await closed
  socket.destroy()
  assert.ok(most < 1024 * 1024, `${most} bytes waited`)
  assert.ok((await heldAfter(before)) < 16 * 1024 * 1024, 'bytes are held')
})

test('a connection that says nothing, or only half of a head, is ended after ten seconds', async () => {
  const silent = await connect()
  const half = await peerOf()
  half.peer.send(FrameType.headers, 0, 1, head())
  await half.peer.find((f) => f.type === FrameType.settings && f.flags === Flag.ack)
  for (const { connection } of [silent, half]) connection.sweep(performance.now() + limits.headersMs - 1000)
  assert.not.ok(half.peer.frames.some(goaway))
  for (const { connection } of [silent, half]) connection.sweep(performance.now() + limits.headersMs + 1000)
  await half.peer.closed
  silent.socket.resume()
  await new Promise((resolve) => silent.socket.once('close', resolve))
})

test('a body that does not come gets 408; one that comes is waited for', async () => {
  const { peer, connection } = await peerOf()
  peer.send(FrameType.headers, Flag.endHeaders, 1, head('/', { 'content-length': '10' }))
  peer.send(FrameType.data, 0, 1, Buffer.from('half'))
  get(peer, 3)
  await peer.find((f) => f.id === 3 && f.type === FrameType.data)
  connection.sweep(performance.now() + limits.bodyIdleMs - 1000)
  connection.sweep(performance.now() + limits.bodyIdleMs + 1000)
  assert.ok((await peer.find((f) => f.id === 1 && f.type === FrameType.headers))?.payload.includes('408'))
  peer.socket.destroy()
})

test('an answer that its client does not take is told to wait, and reset after a minute; others on the connection go on', async () => {
  const { peer, connection } = await peerOf([[SettingId.windowSize, 10]])
  get(peer, 1, '/watch')
  await peer.find((f) => f.id === 1 && f.type === FrameType.headers)
  const event = Buffer.alloc(1000)
  let written = 0
  while ((sinks[0] as Sink).write(event)) written += event.length
  assert.ok(written <= limits.streamBuffer)
  get(peer, 3)
  assert.ok(await peer.find((f) => f.id === 3 && f.type === FrameType.data))
  connection.sweep(performance.now() + limits.stuckMs + 1000)
  assert.is(codeOf(await peer.find((f) => f.id === 1 && f.type === FrameType.reset)), ErrorCode.enhanceYourCalm)
  peer.socket.destroy()
})

test('a connection of no use is ended after three minutes, one with a watch is not', async () => {
  const [idle, watching] = [await peerOf(), await peerOf()]
  get(watching.peer, 1, '/watch')
  await watching.peer.find((f) => f.id === 1)
  await idle.peer.find((f) => f.type === FrameType.settings)
  for (const { connection } of [idle, watching]) connection.sweep(performance.now() + limits.idleMs + 1000)
  assert.is(codeOf(await idle.peer.find(goaway)), ErrorCode.none)
  assert.not.ok(watching.peer.frames.some(goaway))
  watching.peer.socket.destroy()
})

test('five hundred connections of random bytes and frames leave the server as it was', async () => {
  let state = 7
  const next = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return state % below
  }
  const junk = (n: number) => Buffer.from(Array.from({ length: n }, () => next(256)))
  for (let i = 0; i < 500; i++) {
    const { socket } = await connect()
    socket.on('error', () => {})
    socket.resume()
    const frames = Array.from({ length: 20 }, () => frame(next(11), next(256), next(8), junk(next(60))))
    const start = [preface, frame(FrameType.settings, 0, 0)]
    socket.end(Buffer.concat(i % 5 === 0 ? [junk(200)] : [...start, frame(FrameType.headers, ends, 1, head()), ...frames]))
    if (i % 50 === 0) await new Promise((resolve) => socket.once('close', resolve))
  }
  const { peer } = await peerOf()
  get(peer, 1)
  assert.is((await peer.find((f) => f.type === FrameType.data))?.payload.toString(), 'ok')
  peer.socket.destroy()
})

test.run()
