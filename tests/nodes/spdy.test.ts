import { duplexPair } from 'node:stream'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { serveSpdy } from '../../src/nodes/streams/spdy-connection.ts'
import { createDecoder, createEncoder, type Frame } from '../../src/nodes/streams/spdy-frames.ts'

test('frames survive encoding and any cut of the bytes', async () => {
  const frames: Frame[] = [
    {
      type: 'open',
      id: 1,
      headers: new Map([
        ['streamtype', 'data'],
        ['port', '80'],
      ]),
      fin: false,
    },
    {
      type: 'open',
      id: 3,
      headers: new Map([
        ['streamtype', 'error'],
        ['port', '80'],
      ]),
      fin: true,
    },
    { type: 'data', id: 1, data: Buffer.from('hello'), fin: true },
    { type: 'reset', id: 3, status: 5 },
    { type: 'ping', id: 7 },
    { type: 'goAway', lastId: 3 },
  ]
  const encode = createEncoder()
  const bytes: Buffer[] = []
  for (const frame of frames) bytes.push(await encode(frame))
  const all = Buffer.concat(bytes)
  for (const size of [1, 7, all.length]) {
    const decode = createDecoder()
    const found: Frame[] = []
    for (let at = 0; at < all.length; at += size) found.push(...(await decode(all.subarray(at, at + size))))
    assert.equal(found, frames)
  }
})

test('a stream carries bytes both ways and ends on both sides', async () => {
  const [client, server] = duplexPair()
  const encode = createEncoder()
  const decode = createDecoder()
  void serveSpdy(server, (stream) => stream.pipe(stream))
  client.write(await encode({ type: 'open', id: 1, headers: new Map([['streamtype', 'echo']]), fin: false }))
  client.write(await encode({ type: 'data', id: 1, data: Buffer.from('ping'), fin: true }))
  const found: Frame[] = []
  for await (const chunk of client) {
    found.push(...(await decode(chunk as Buffer)))
    if (found.some((f) => f.type === 'data' && f.fin)) break
  }
  assert.is(found[0]?.type, 'reply')
  assert.is(found.flatMap((f) => (f.type === 'data' ? [f.data.toString()] : [])).join(''), 'ping')
})

test('a broken frame ends the connection, not the process', async () => {
  const [client, server] = duplexPair()
  const served = serveSpdy(server, () => {})
  client.on('error', () => {})
  client.end(Buffer.concat([Buffer.from([0x80, 0x03, 0x00, 0x01, 0x00, 0x00, 0x00, 0x0c]), Buffer.alloc(12, 0xff)]))
  client.resume()
  await served
})

test.run()
