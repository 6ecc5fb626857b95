import { Writable } from 'node:stream'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Sender } from '../../../src/api/http/http2/sender.ts'
import { Stream, type StreamOwner } from '../../../src/api/http/http2/stream.ts'
import { Flag, FrameType } from '../../../src/http2/frame.ts'
import { FrameReader } from '../../../src/http2/frame-reader.ts'

/** What the socket was given of an answer of `length` bytes, each write by itself, by a peer that takes all of it. */
async function sent(length: number): Promise<Buffer[]> {
  const writes: Buffer[] = []
  const ended = Promise.withResolvers<void>()
  const reader = new FrameReader('server', (type, flags) => {
    if (type === FrameType.data && flags & Flag.endStream) ended.resolve()
  })
  const socket = new Writable({
    write(bytes: Buffer, _, done) {
      writes.push(Buffer.from(bytes))
      reader.read(bytes)
      setImmediate(done)
    },
  })
  const sender = new Sender(socket)
  const owner: StreamOwner = {
    socket: socket as never,
    ready: (stream) => sender.ready(stream),
    credit: () => {},
    reset: () => assert.unreachable('the answer was taken back'),
    remove: () => {},
  }
  sender.widen(10_000_000)
  const head = { method: 'GET', url: '/', headers: {}, contentLength: -1 }
  new Stream(owner, 1, head, 10_000_000, true).answer(200, {}, [Buffer.alloc(length, 'a')])
  await ended.promise
  return writes
}

test('a long answer is written in full blocks, wherever it ends: what is left over when one is full begins the next', async () => {
  // Some end in the very turn that fills a block, so that nothing follows what is left over.
  for (const length of Array.from({ length: 16 }, (_, i) => (i + 1) * 65_536 - 200)) {
    const sizes = (await sent(length)).map((w) => w.length)
    const [block = 0] = sizes
    assert.is(
      sizes.slice(0, -1).every((size) => size === block),
      true,
      `${length}: ${sizes}`,
    )
  }
})

test.run()
