import http2 from 'node:http2'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ApiRequest, ApiResponse } from '../../../src/api/request.ts'
import { ErrorCode, Flag, FrameType, SettingId } from '../../../src/http2/frame.ts'
import { encodeHeaders } from '../../../src/http2/hpack-encoder.ts'
import { RawPeer, type TestPort, testPort } from './test-port.ts'

const large = Buffer.alloc(5_000_000, 'abcdefghij')
let port: TestPort
let seen: ApiRequest[] = []
let gone = 0

const handle = async (request: ApiRequest): Promise<ApiResponse> => {
  seen.push(request)
  const text = { 'content-type': 'text/plain' }
  if (request.path === '/large') return { status: 200, headers: text, body: { chunks: [large, large.subarray(0, 10)] } }
  if (request.path === '/warned') return { status: 200, headers: { warning: 'one\ntwo' }, body: { bytes: Buffer.from('ok') } }
  if (request.path === '/endless') {
    request.signal.addEventListener('abort', () => gone++)
    return { status: 200, headers: text, body: { stream: ticks(request.signal) } }
  }
  const { method, path, body, unreadable } = request
  if (unreadable) return { status: unreadable.code, headers: text, body: { bytes: new Uint8Array() } }
  const size = body instanceof Uint8Array ? body.length : 0
  return { status: 200, headers: text, body: { bytes: Buffer.from(`${method} ${path} ${size}`) } }
}

async function* ticks(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  while (!signal.aborted) {
    yield Buffer.from('tick\n')
    await new Promise(setImmediate)
  }
}

test.before(async () => {
  port = await testPort(handle, {
    mounts: [
      {
        prefix: '/mount/',
        handle: (req, res) => {
          res.writeHead(202, { 'x-mount': 'yes' })
          req.pipe(res)
        },
      },
    ],
  })
})
test.before.each(() => {
  seen = []
})
test.after(() => port.close())

interface Answer {
  readonly headers: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader
  readonly body: Buffer
}

function ask(session: http2.ClientHttp2Session, headers: http2.OutgoingHttpHeaders, body?: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: body === undefined })
    const chunks: Buffer[] = []
    let answer: Answer['headers'] = {}
    stream.on('response', (h) => {
      answer = h
    })
    stream.on('data', (c: Buffer) => chunks.push(c))
    stream.on('end', () => resolve({ headers: answer, body: Buffer.concat(chunks) }))
    stream.on('error', reject)
    if (body !== undefined) stream.end(body)
  })
}

async function withSession<T>(run: (session: http2.ClientHttp2Session) => Promise<T>): Promise<T> {
  const session = http2.connect(port.url, { rejectUnauthorized: false })
  try {
    return await run(session)
  } finally {
    session.destroy()
  }
}

test('many requests at a time on one connection get their own answers', () =>
  withSession(async (session) => {
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, i) => ask(session, { ':path': `/a${i}`, ':method': 'PUT' }, Buffer.alloc(i * 100))),
    )
    answers.forEach(({ body }, i) => {
      assert.is(body.toString(), `PUT /a${i} ${i * 100}`)
    })
  }))

test('an answer larger than every window arrives whole', () =>
  withSession(async (session) => {
    const [{ body }, small] = await Promise.all([ask(session, { ':path': '/large' }), ask(session, { ':path': '/small' })])
    assert.is(body.length, large.length + 10)
    assert.ok(body.subarray(0, large.length).equals(large))
    assert.is(small.body.toString(), 'GET /small 0')
  }))

test('a HEAD request gets the headers and no body', () =>
  withSession(async (session) => {
    const { headers, body } = await ask(session, { ':path': '/large', ':method': 'HEAD' })
    assert.is(headers['content-length'], String(large.length + 10))
    assert.is(body.length, 0)
  }))

test('a header with several values becomes several fields, and the path and query come as sent', () =>
  withSession(async (session) => {
    const { headers } = await ask(session, { ':path': '/warned?a=%2F&a=2', 'x-a': ['1', '2'] })
    assert.is(headers.warning, 'one, two')
    assert.is(seen[0]?.path, '/warned')
    assert.equal(seen[0]?.query.getAll('a'), ['/', '2'])
    assert.is(seen[0]?.headers['x-a'], '1, 2')
  }))

test('what answers hears that a body is past 3 MiB, with a length and without', () =>
  withSession(async (session) => {
    const body = Buffer.alloc(3 * 1024 * 1024 + 1)
    const said = { ':path': '/b', ':method': 'POST', 'content-length': body.length }
    assert.is((await ask(session, said, body)).headers[':status'], 413)
    assert.is((await ask(session, { ':path': '/b', ':method': 'POST' }, body)).headers[':status'], 413)
    assert.is((await ask(session, { ':path': '/b', ':method': 'POST' }, body.subarray(1))).headers[':status'], 200)
  }))

test('a request that is taken back aborts its signal', () =>
  withSession(async (session) => {
    const before = gone
    const stream = session.request({ ':path': '/endless' })
    await new Promise((resolve) => stream.once('data', resolve))
    stream.close(ErrorCode.cancel)
    while (gone === before) await new Promise(setImmediate)
    assert.is((await ask(session, { ':path': '/after' })).body.toString(), 'GET /after 0')
  }))

test('a mount gets node-style request and response, with a body of any size', () =>
  withSession(async (session) => {
    const { headers, body } = await ask(session, { ':path': '/mount/x', ':method': 'POST' }, large)
    assert.is(headers[':status'], 202)
    assert.is(headers['x-mount'], 'yes')
    assert.ok(body.equals(large))
  }))

test('HTTP/1.1 on the same port', async () => {
  const { default: https } = await import('node:https')
  const body = await new Promise<string>((resolve, reject) => {
    https
      .get(`${port.url}/one`, { rejectUnauthorized: false, agent: false }, (res) => {
        res.setEncoding('utf8')
        let text = ''
        res.on('data', (c: string) => {
          text += c
        })
        res.on('end', () => resolve(text))
      })
      .on('error', reject)
  })
  assert.is(body, 'GET /one 0')
})

test('a peer with a window of nothing gets the answer when it opens it', async () => {
  const peer = await RawPeer.connect(port.port, [[SettingId.windowSize, 0]])
  peer.send(FrameType.headers, Flag.endHeaders | Flag.endStream, 1, requestBlock('/quiet'))
  await peer.find((f) => f.type === FrameType.headers && f.id === 1)
  assert.is(peer.frames.filter((f) => f.type === FrameType.data).length, 0)
  const more = Buffer.alloc(4)
  more.writeUInt32BE(5)
  peer.send(FrameType.windowUpdate, 0, 1, more)
  assert.is((await peer.find((f) => f.type === FrameType.data))?.payload.toString(), 'GET /')
  peer.send(FrameType.windowUpdate, 0, 1, Buffer.from([0, 0, 1, 0]))
  const rest = await peer.find((f) => f.type === FrameType.data && (f.flags & Flag.endStream) !== 0)
  assert.is(rest?.payload.toString(), 'quiet 0')
  peer.socket.destroy()
})

/** The fields of a GET. The encoder writes answers: its status field, one byte, is left out. */
function requestBlock(path: string): Buffer {
  return encodeHeaders(200, { ':method': 'GET', ':scheme': 'https', ':path': path }).subarray(1)
}

test.run()
