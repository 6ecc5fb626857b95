import { Agent, request } from 'node:https'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bundleOf, current } from '../../src/operators/webhooks/certificates.ts'
import { createWebhookMeter } from '../../src/operators/webhooks/webhook-metrics.ts'
import { createReviewServer } from '../../src/operators/webhooks/webhook-server.ts'

test('who is asked while a server of webhooks ends still answers; connections that are idle do not keep it', async () => {
  const material = await current(undefined, ['127.0.0.1'], Date.now())
  const asked = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<object>()
  const answer = (path: string) => {
    if (path !== '/slow') return Promise.resolve({ path })
    asked.resolve()
    return answered.promise
  }
  const reviews = createReviewServer({ meter: createWebhookMeter(), answer })
  reviews.use(material.leaf)
  // Connections are brought: the server itself does not listen.
  const door = createServer({ pauseOnConnect: true }, (connection) => reviews.accept(connection))
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
  const agent = new Agent({ keepAlive: true, ca: bundleOf(material) })
  const post = (path: string) =>
    new Promise<string>((resolve, reject) => {
      const { port } = door.address() as AddressInfo
      const call = request({ host: '127.0.0.1', port, path, method: 'POST', agent }, async (response) => {
        let text = ''
        for await (const piece of response) text += piece
        resolve(text)
      })
      call.on('error', reject).end('{}')
    })
  const slow = post('/slow')
  await asked.promise
  assert.is(await post('/quick'), '{"path":"/quick"}')
  const closed = reviews.close()
  answered.resolve({ late: true })
  assert.is(await slow, '{"late":true}')
  const began = performance.now()
  await closed
  assert.ok(performance.now() - began < 4000)
  agent.destroy()
  door.close()
})

test.run()
