import { request } from 'node:https'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { requestHead } from '../../../src/api/http/http2/request-head.ts'
import { testPort } from './test-port.ts'

const group = 'cn=ops,ou=x'

test('a line of a header that says who asks is one value, commas and all; other repeated headers are lists', async () => {
  let seen: Readonly<Record<string, string>> = {}
  const port = await testPort(async ({ headers }) => {
    seen = headers
    return { status: 200, headers: {}, body: { bytes: Buffer.from('') } }
  })
  const headers = { 'Impersonate-Group': [group, 'b'], Accept: ['text/plain', 'text/html'] }
  await new Promise<void>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: port.port, rejectUnauthorized: false, agent: false, headers }, (answer) => {
      answer.resume().once('end', resolve)
    })
    sent.once('error', reject).end()
  })
  await port.close()
  assert.is(seen['impersonate-group'], `${group}\nb`)
  assert.is(seen.accept, 'text/plain, text/html')
})

test('so it is over HTTP/2', () => {
  const pseudo = [
    [':method', 'GET'],
    [':path', '/'],
    [':scheme', 'https'],
  ]
  const sent = [...pseudo, ['x-remote-group', group], ['x-remote-group', 'b'], ['accept', 'a'], ['accept', 'b']]
  const head = requestHead(sent.map(([name = '', value = '']) => ({ name, value })))
  assert.ok(typeof head === 'object')
  assert.is(head.headers['x-remote-group'], `${group}\nb`)
  assert.is(head.headers.accept, 'a, b')
})

test.run()
