import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { flushPkt, PktReader, ProtocolError, pktLine, SideBand } from '../../../src/sync/git/pkt-line.ts'

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

test('lines are read whole however the stream is cut, and the rest is handed over untouched', async () => {
  const stream = Buffer.concat([pktLine('one\n'), pktLine('two'), flushPkt, Buffer.from('PACK…')])
  for (const size of [1, 2, 3, 7, 1000]) {
    const reader = new PktReader(pieces(stream, size))
    assert.equal(
      (await reader.lines(10)).map((l) => l.toString()),
      ['one\n', 'two'],
    )
    const rest: Buffer[] = []
    for await (const piece of reader.rest()) rest.push(piece)
    assert.is(Buffer.concat(rest).toString(), 'PACK…')
  }
})

test('bad framing, a cut line and too many lines are protocol errors', async () => {
  for (const text of ['zzzz', '0002', '0009ab', '0005a0005b0005c']) {
    try {
      await new PktReader(pieces(Buffer.from(text), 100)).lines(2)
      assert.unreachable()
    } catch (error) {
      assert.instance(error, ProtocolError)
    }
  }
})

test('a band longer than a packet is cut into packets of at most 65520 bytes', () => {
  const sent: Buffer[] = []
  new SideBand((bytes) => sent.push(bytes)).report(Buffer.alloc(150_000, 'x'))
  assert.equal(
    sent.map((b) => b.length),
    [65_520, 65_520, 150_000 - 2 * 65_515 + 5],
  )
})

test.run()
