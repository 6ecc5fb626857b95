import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { forward } from '../../../src/api/proxy/forward.ts'
import type { ApiRequest } from '../../../src/api/request.ts'

/** Answers one request a connection, promises to go on, and cuts the connection at the next. */
const server = http.createServer((request, response) => {
  const { socket } = request as { socket: typeof request.socket & { asked?: boolean } }
  if (socket.asked) return void socket.destroy()
  socket.asked = true
  response.end('ok')
})
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })

test.before(() => new Promise<void>((done) => void server.listen(0, '127.0.0.1', done)))
test.after(() => {
  agent.destroy()
  server.close()
})

async function ask(method: string): Promise<string> {
  const { port } = server.address() as AddressInfo
  const request = { method, path: '/', headers: {}, query: new URLSearchParams(), signal: new AbortController().signal }
  const target = { scheme: 'http', host: '127.0.0.1', port, path: '/' } as const
  const answer = await forward(target, request as unknown as ApiRequest, { agent: agent as never })
  let text = ''
  for await (const part of (answer.body as { stream: AsyncIterable<Buffer> }).stream) text += part
  return text
}

test('a read over a kept connection that the other side closes is asked again; a write is not', async () => {
  for (let i = 0; i < 3; i++) assert.is(await ask('GET'), 'ok')
  await ask('GET')
  try {
    await ask('POST')
    assert.unreachable('it may have been carried out')
  } catch (error) {
    assert.is((error as { code?: number }).code, 503)
  }
})

test.run()
