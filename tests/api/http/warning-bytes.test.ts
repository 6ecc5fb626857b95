import { request } from 'node:https'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { testPort } from './test-port.ts'

test('the letters of a warning are sent as UTF-8, one header line for each warning', async () => {
  const headers = { warning: '299 - "é 日"\n299 - "b"' }
  const port = await testPort(async () => ({ status: 200, headers, body: { bytes: Buffer.from('') } }))
  const lines = await new Promise<string[]>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: port.port, rejectUnauthorized: false, agent: false }, (response) => {
      response.resume()
      resolve(response.rawHeaders.flatMap((value, i, all) => (all[i - 1]?.toLowerCase() === 'warning' ? [value] : [])))
    })
    sent.once('error', reject).end()
  })
  await port.close()
  assert.equal(
    lines.map((line) => Buffer.from(line, 'latin1').toString('utf8')),
    ['299 - "é 日"', '299 - "b"'],
  )
})

test.run()
