import { connect, type Socket } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Reachable, WebhookPort } from '../../../src/sync/operators/webhook-port.ts'
import { createVirtualClock } from '../../../src/testkit/virtual-clock.ts'
import { eventually } from '../../eventually.ts'

async function opened(preferred?: number) {
  const clock = createVirtualClock()
  const given: Socket[] = []
  const answering = { reachable: 'soon' as Reachable, give: (connection: Socket) => void given.push(connection) }
  const port = await WebhookPort.open({ preferred, clock, answering: () => answering })
  const ask = () => {
    const socket = connect(port.port, '127.0.0.1').on('error', () => {})
    return { socket, closed: new Promise<void>((resolve) => socket.once('close', () => resolve())) }
  }
  return { clock, given, answering, port, ask }
}

test('who asks while the process starts waits, and is given to it when it can answer', async () => {
  const { given, answering, port, ask } = await opened()
  const { socket } = ask()
  socket.write('hello')
  await new Promise((resolve) => socket.once('connect', resolve))
  assert.is(given.length, 0)
  answering.reachable = 'now'
  await eventually(() => {
    port.settle()
    return given.length === 1
  })
  // Nothing was read from it yet.
  const [first] = given
  const said = new Promise((resolve) => first?.once('data', (data) => resolve(String(data))))
  first?.resume()
  assert.is(await said, 'hello')
  first?.destroy()
  port.close()
})

test('who asks is sent away when the process starts late, and after 30 s in any case', async () => {
  const { clock, answering, port, ask } = await opened()
  answering.reachable = 'no'
  await ask().closed
  answering.reachable = 'soon'
  const { socket, closed } = ask()
  await new Promise((resolve) => socket.once('connect', resolve))
  let isClosed = false
  void closed.then(() => {
    isClosed = true
  })
  await eventually(async () => {
    await clock.advance(30_000)
    return isClosed
  })
  port.close()
})

test('the port of before is taken again when it is free, else another', async () => {
  const first = await opened()
  const second = await opened(first.port.port)
  assert.is.not(second.port.port, first.port.port)
  first.port.close()
  const third = await opened(first.port.port)
  assert.is(third.port.port, first.port.port)
  for (const { port } of [second, third]) port.close()
})

test.run()
