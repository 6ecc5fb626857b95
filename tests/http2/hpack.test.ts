import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { HpackDecoder } from '../../src/http2/hpack-decoder.ts'
import { encodeHeaders } from '../../src/http2/hpack-encoder.ts'
import { decodeHuffman } from '../../src/http2/hpack-huffman.ts'

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex')
const textOf = (fields: readonly { name: string; value: string }[] | undefined) => fields?.map((f) => `${f.name}: ${f.value}`)

test('the Huffman texts of RFC 7541 are read', () => {
  const read = (text: string) => decodeHuffman(hex(text), 0, hex(text).length)
  assert.is(read('f1e3 c2e5 f23a 6ba0 ab90 f4ff'), 'www.example.com')
  assert.is(read('a8eb 1064 9cbf'), 'no-cache')
  assert.is(read('d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff'), 'Mon, 21 Oct 2013 20:13:21 GMT')
})

test('a Huffman text with the end mark, or with padding that is not all ones or too long, is refused', () => {
  for (const text of ['ffffffff', 'f1e3 c2e5 f23a 6ba0 ab90 f4 ff ff', '00'])
    assert.is(decodeHuffman(hex(text), 0, hex(text).length), undefined)
})

test('three requests that share a table are read as RFC 7541 C.4 has them', () => {
  const decoder = new HpackDecoder(65_536)
  assert.equal(textOf(decoder.decode(hex('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff'))), [
    ':method: GET',
    ':scheme: http',
    ':path: /',
    ':authority: www.example.com',
  ])
  assert.equal(textOf(decoder.decode(hex('8286 84be 5886 a8eb 1064 9cbf')))?.slice(3), [
    ':authority: www.example.com',
    'cache-control: no-cache',
  ])
  assert.equal(textOf(decoder.decode(hex('8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf')))?.slice(1), [
    ':scheme: https',
    ':path: /index.html',
    ':authority: www.example.com',
    'custom-key: custom-value',
  ])
})

test('headers past the limit give nothing, and the table is right afterwards', () => {
  const decoder = new HpackDecoder(200)
  const kept = Buffer.concat([hex('40 01'), Buffer.from('a'), hex('05'), Buffer.from('value')])
  const references = Buffer.alloc(10, 0xbe)
  assert.is(decoder.decode(Buffer.concat([kept, references])), undefined)
  assert.equal(textOf(decoder.decode(hex('be'))), ['a: value'])
})

test('broken blocks end the connection: a bad index, a cut text, an endless number, a table too large', () => {
  for (const block of ['80', 'ff00', '400a', '4005 61', 'ffffffffffffff7f', '3fe2 1f'])
    assert.throws(
      () => new HpackDecoder(1000).decode(hex(block)),
      (e: Error) => e.name === 'ConnectionError',
    )
})

test('what the encoder writes, the decoder reads', () => {
  const long = 'x'.repeat(300)
  const block = encodeHeaders(201, { 'content-type': 'application/json', 'x-long': long, warning: ['299 - "a"', '299 - "b"'] })
  assert.equal(textOf(new HpackDecoder(65_536).decode(block)), [
    ':status: 201',
    'content-type: application/json',
    `x-long: ${long}`,
    'warning: 299 - "a"',
    'warning: 299 - "b"',
  ])
})

test.run()
