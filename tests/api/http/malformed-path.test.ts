import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { serve } from '../../../src/api/http/serve.ts'
import type { ApiResponse } from '../../../src/api/request.ts'

const ok: ApiResponse = { status: 200, headers: {}, body: { bytes: Buffer.from('ok') } }

/** What is sent for a request of `url` without a body. */
async function sentFor(url: string): Promise<readonly [status: number, text: string]> {
  let sent: readonly [number, string] = [0, '']
  const exchange = {
    method: 'GET',
    url,
    headers: {},
    socket: { getPeerX509Certificate: () => undefined, remoteAddress: '127.0.0.1' },
    whenGone: () => {},
    answer: (status: number, _: object, chunks: readonly Uint8Array[]) => {
      sent = [status, Buffer.concat(chunks).toString()]
    },
  }
  await serve(async () => ok, exchange as never)
  return sent
}

test('a path with a broken escape is refused as by the HTTP server of Go; a query may have them', async () => {
  assert.equal(await sentFor('/api/v1/nodes/a%b'), [400, '400 Bad Request'])
  assert.equal(await sentFor('/api/v1/nodes/a%'), [400, '400 Bad Request'])
  assert.equal(await sentFor('/api/v1/nodes/a%20b'), [200, 'ok'])
  assert.equal(await sentFor('/api/v1/nodes?x=%zz'), [200, 'ok'])
})

test.run()
