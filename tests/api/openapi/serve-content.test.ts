import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { serveContent } from '../../../src/api/openapi/serve-content.ts'
import type { ApiResponse } from '../../../src/api/request.ts'

const lastModified = new Date('2026-11-29T22:15:22.500Z')
const content = {
  bytes: Buffer.from('0123456789'),
  etag: '"A"',
  lastModified,
  headers: { 'content-type': 'application/json', vary: 'Accept' },
}
const ask = (headers: Record<string, string>, method = 'GET') => serveContent({ method, headers }, content)

function textOf({ body }: ApiResponse): string {
  if ('chunks' in body) return Buffer.concat(body.chunks).toString()
  return 'bytes' in body ? Buffer.from(body.bytes).toString() : ''
}

test('a plain request gets everything, with its date and tag', () => {
  const answer = ask({})
  assert.is(answer.status, 200)
  assert.equal(answer.headers, {
    'content-type': 'application/json',
    vary: 'Accept',
    etag: '"A"',
    'last-modified': 'Sun, 29 Nov 2026 22:15:22 GMT',
    'accept-ranges': 'bytes',
  })
  assert.is(textOf(answer), '0123456789')
})

test('what the client has already is not sent, and has no type and date then', () => {
  for (const tag of ['"A"', 'W/"A"', '"B", "A"', '*']) {
    const answer = ask({ 'if-none-match': tag })
    assert.is(answer.status, 304, tag)
    assert.equal(answer.headers, { vary: 'Accept', etag: '"A"' })
  }
  assert.is(ask({ 'if-none-match': '"B"', 'if-modified-since': 'Sun, 29 Nov 2037 22:15:22 GMT' }).status, 200)
  assert.is(ask({ 'if-modified-since': 'Sun, 29 Nov 2026 22:15:22 GMT' }).status, 304)
  assert.is(ask({ 'if-modified-since': 'Sun, 29 Nov 2026 22:15:21 GMT' }).status, 200)
  assert.is(ask({ 'if-none-match': '*' }, 'POST').status, 412)
})

test('a condition that does not hold is 412', () => {
  assert.is(ask({ 'if-match': '"B"' }).status, 412)
  assert.is(ask({ 'if-match': 'W/"A"' }).status, 412)
  assert.is(ask({ 'if-match': '"A"' }).status, 200)
  assert.is(ask({ 'if-unmodified-since': 'Sun, 29 Nov 2020 22:15:22 GMT' }).status, 412)
})

test('ranges are cut out; one is a body of its own, several are parts of one', () => {
  const cases: [string, string, string][] = [
    ['bytes=0-3', 'bytes 0-3/10', '0123'],
    ['bytes=7-', 'bytes 7-9/10', '789'],
    ['bytes=-2', 'bytes 8-9/10', '89'],
    ['bytes=8-99', 'bytes 8-9/10', '89'],
    ['bytes=99-,1-1', 'bytes 1-1/10', '1'],
  ]
  for (const [range, where, text] of cases) {
    const answer = ask({ range })
    assert.is(answer.status, 206, range)
    assert.is(answer.headers['content-range'], where)
    assert.is(textOf(answer), text)
  }
  const several = ask({ range: 'bytes=0-1,4-5' })
  assert.match(several.headers['content-type'] ?? '', /^multipart\/byteranges; boundary=/)
  assert.match(
    textOf(several),
    /Content-Range: bytes 0-1\/10\r\nContent-Type: application\/json\r\n\r\n01\r\n--.*4-5\/10[^4]*45\r\n--/s,
  )
})

test('a range that the content has not, or that is none, is 416; more than there is gets everything', () => {
  const beyond = ask({ range: 'bytes=10-' })
  assert.is(beyond.status, 416)
  assert.is(beyond.headers['content-range'], 'bytes */10')
  assert.is(textOf(beyond), 'invalid range: failed to overlap\n')
  for (const range of ['bytes=3-1', 'lines=1-2', 'bytes=a-b', 'bytes=-']) {
    assert.is(ask({ range }).status, 416, range)
    assert.is(textOf(ask({ range })), 'invalid range\n', range)
  }
  assert.is(ask({ range: 'bytes=0-8,0-8' }).status, 200)
  assert.is(ask({ range: 'bytes=0-1', 'if-range': '"B"' }).status, 200)
  assert.is(ask({ range: 'bytes=0-1', 'if-range': '"A"' }).status, 206)
})

test.run()
