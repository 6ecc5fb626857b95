import type { ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { targetOf } from '../../../src/sync/operators/egress.ts'
import { LogLines } from '../../../src/sync/operators/log-lines.ts'
import type { ToChild } from '../../../src/sync/operators/messages.ts'
import { Supervised } from '../../../src/sync/operators/supervised.ts'
import { createVirtualClock } from '../../../src/testkit/virtual-clock.ts'

/** A process that does what the test says. */
class FakeProcess extends EventEmitter {
  readonly heard: ToChild[] = []
  readonly signals: string[] = []
  connected = true
  pid: number | undefined
  send(message: ToChild): boolean {
    this.heard.push(message)
    return true
  }
  kill(signal: string): boolean {
    this.signals.push(signal)
    if (signal === 'SIGKILL') this.emit('close', null, 'SIGKILL')
    return true
  }
}

/** Of Linux: no process has a larger number. */
const largestPid = 4_194_304

function supervising(pid?: number) {
  const back: Socket[] = []
  const givenBack = (connection: Socket) => void back.push(connection)
  const clock = createVirtualClock()
  const made: FakeProcess[] = []
  const start = () => {
    const child = new FakeProcess()
    child.pid = pid
    made.push(child)
    return child as unknown as ChildProcess
  }
  const program = {
    id: `test-${process.pid}`,
    loaded: { code: {}, module: 'a.ts', packages: undefined },
    egress: [],
    limits: { memoryMiB: 64, cpuMilli: 100 },
  }
  const options = { clock, random: () => 0, lines: new LogLines(), changed: () => {}, givenBack, start }
  return { back, clock, made, supervised: new Supervised(program, options) }
}
const last = (made: readonly FakeProcess[]): FakeProcess => made.at(-1) as FakeProcess
const run: ToChild & { type: 'run' } = { type: 'run', server: '', ca: '', token: 't', namespace: 'a', watch: 'a', identity: 'i' }

test('a process that ends is started again after 1 s, then 2, 4 …; one that ran long is forgiven', async () => {
  const { clock, made, supervised } = supervising()
  for (const seconds of [1, 2, 4]) {
    last(made).emit('close', 1, null)
    assert.is(supervised.state.phase === 'crashed' && supervised.state.retryInMs, seconds * 1000)
    const before = made.length
    await clock.advance(seconds * 1000 - 1)
    assert.is(made.length, before)
    await clock.advance(1)
    assert.is(made.length, before + 1)
  }
  await clock.advance(3_600_000)
  last(made).emit('close', 1, null)
  assert.is(supervised.state.phase === 'crashed' && supervised.state.retryInMs, 1000)
  assert.is(supervised.restarts, 3)
  await supervised.stop()
})

test('it works when it has said what it is and got a token, and again after a restart; a new token is passed on', async () => {
  const { clock, made, supervised } = supervising()
  supervised.run(run)
  assert.equal(
    last(made).heard.map((m) => m.type),
    ['load', 'token'],
  )
  last(made).emit('message', { type: 'loaded', described: { operators: [] } })
  assert.is(last(made).heard.at(-1)?.type, 'run')
  last(made).emit('close', 1, null)
  await clock.advance(1000)
  last(made).emit('message', { type: 'loaded', described: { operators: [] } })
  assert.equal(
    last(made).heard.map((m) => m.type),
    ['load', 'run'],
  )
  const stopped = supervised.stop()
  assert.equal(last(made).signals, ['SIGTERM'])
  await clock.advance(10_000)
  assert.equal(last(made).signals, ['SIGTERM', 'SIGKILL'])
  await stopped
})

test('a process that says that it runs while it is stopped is not started again', async () => {
  const { clock, made, supervised } = supervising()
  supervised.run(run)
  last(made).emit('message', { type: 'loaded', described: { operators: [] } })
  const stopped = supervised.stop()
  last(made).emit('message', { type: 'running' })
  last(made).emit('close', 0, null)
  await stopped
  await clock.advance(3_600_000)
  assert.is(made.length, 1)
})

test('what a process sends that ours does not is not listened to', async () => {
  const { made, supervised } = supervising()
  const conversion = { definition: 'a.b', path: '/x?y' }
  const operator = { name: 'a', rules: [], webhooks: [], conversion }
  for (const odd of [null, 3, {}, { type: 'loaded' }, { type: 'loaded', described: { operators: [null] } }])
    last(made).emit('message', odd)
  last(made).emit('message', { type: 'loaded', described: { operators: [operator] } })
  assert.is(supervised.described, undefined)
  last(made).emit('message', { type: 'loaded', described: { operators: [{ ...operator, conversion: undefined }] } })
  assert.is(supervised.state.phase, 'described')
  const stopped = supervised.stop()
  last(made).emit('close', 0, null)
  await stopped
})

test('its certificate is told before it runs, again after a restart, and a renewed one at once', async () => {
  const { clock, made, supervised } = supervising()
  const leaf = { cert: 'one', key: 'k' }
  supervised.certify(leaf)
  supervised.run(run)
  const loaded = () => last(made).emit('message', { type: 'loaded', described: { operators: [] } })
  const kinds = () => last(made).heard.map((m) => m.type)
  assert.is(supervised.reachable, 'soon')
  loaded()
  assert.equal(kinds(), ['load', 'token', 'leaf', 'run'])
  assert.is(supervised.reachable, 'now')
  last(made).connected = false
  assert.is(supervised.reachable, 'soon')
  last(made).connected = true
  supervised.certify(leaf)
  supervised.certify({ cert: 'two', key: 'k' })
  assert.equal(kinds(), ['load', 'token', 'leaf', 'run', 'leaf'])
  for (const [seconds, reachable] of [
    [1, 'soon'],
    [2, 'soon'],
    [4, 'soon'],
    [8, 'no'],
  ] as const) {
    last(made).emit('close', 1, null)
    assert.is(supervised.reachable, reachable)
    await clock.advance(seconds * 1000)
  }
  loaded()
  assert.equal(kinds(), ['load', 'leaf', 'run'])
  const stopped = supervised.stop()
  last(made).emit('close', 0, null)
  await stopped
})

test('a connection that a process took is its own; one that it did not take, or had no time to, is given back', async () => {
  const { back, clock, made, supervised } = supervising()
  supervised.run(run)
  last(made).emit('message', { type: 'loaded', described: { operators: [] } })
  const connection = () => {
    const ends = { is: false, destroy: () => void Object.assign(ends, { is: true }) }
    return ends
  }
  const [taken, declined, lost] = [connection(), connection(), connection()]
  for (const c of [taken, declined, lost]) supervised.give(c as unknown as Socket)
  const [first, second] = last(made).heard.flatMap((m) => (m.type === 'asked' ? [m.id] : []))
  last(made).emit('message', { type: 'answering', id: first, isTaken: true })
  last(made).emit('message', { type: 'answering', id: second, isTaken: false })
  assert.equal([taken.is, declined.is, lost.is], [true, false, false])
  assert.equal(back, [declined])
  // Who declines is about to end: the next one is asked.
  assert.is(supervised.reachable, 'soon')
  last(made).emit('close', 1, null)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(back, [declined, lost])
  const stopped = supervised.stop()
  await clock.advance(1)
  await stopped
})

test('a process whose limits can not be set is ended and started again; nothing else is', async () => {
  const { clock, made, supervised } = supervising(largestPid + 1)
  if (supervised.hasGroup) assert.equal(last(made).signals, ['SIGKILL'])
  else last(made).emit('close', 1, null)
  await clock.advance(60_000)
  assert.ok(made.length > 1)
  await supervised.stop()
})

test('where a connection leads is told however its arguments are written', () => {
  assert.is(targetOf([{ host: 'a', port: 5 }]), 'a:5')
  assert.is(targetOf([[{ port: '5' }, null]]), 'localhost:5')
  assert.is(targetOf([5, 'a']), 'a:5')
  assert.is(targetOf(['5']), 'localhost:5')
  assert.is(targetOf(['/var/run/docker.sock']), undefined)
  assert.is(targetOf([{ path: '/var/run/docker.sock', host: 'a', port: 5 }]), undefined)
})

test.run()
