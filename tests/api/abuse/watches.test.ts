import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Sink } from '../../../src/api/request.ts'
import { eventually } from '../../eventually.ts'
import { admin } from '../test-api.ts'
import { asking } from './asking.ts'
import { longestTurn } from './turns.ts'

const { api, ask } = await asking()
const configMaps = '/api/v1/namespaces/default/configmaps'
const json = { 'content-type': 'application/json' }
const never = new AbortController().signal

class Counting implements Sink {
  bytes = 0
  writes = 0
  readonly takes: boolean
  onDrain: (() => void) | undefined
  isEnded = false

  constructor(takes = true) {
    this.takes = takes
  }

  write(bytes: Uint8Array): boolean {
    this.bytes += bytes.length
    this.writes++
    return this.takes
  }

  end(): void {
    this.isEnded = true
  }

  abort(): void {
    this.end()
  }
}

async function watch(sink: Sink, selector = ''): Promise<() => void> {
  const { resourceVersion } = { resourceVersion: api.core.caches.revision }
  const { body } = await api.handle({
    method: 'GET',
    path: configMaps,
    query: new URLSearchParams(`watch=1&resourceVersion=${resourceVersion}${selector}`),
    headers: {},
    user: admin,
    signal: never,
  })
  if (!('stream' in body) || !body.feed) throw new Error('no watch')
  return body.feed(sink)
}

const create = (name: string, size = 100) =>
  ask(
    'POST',
    configMaps,
    `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name}"},"data":{"a":"${'x'.repeat(size)}"}}`,
    json,
  )

test('ten thousand watches are told of every change, and nobody waits for it', async () => {
  global.gc?.()
  const before = process.memoryUsage().heapUsed
  const sinks = Array.from({ length: 10_000 }, () => new Counting())
  const stops: (() => void)[] = []
  for (const [i, sink] of sinks.entries()) stops.push(await watch(sink, i % 2 === 0 ? '' : '&labelSelector=!none'))
  global.gc?.()
  const each = (process.memoryUsage().heapUsed - before) / sinks.length
  assert.ok(each < 10_000, `a watch takes ${each} bytes`)
  await create('warm')
  await eventually(() => sinks.every((s) => s.writes > 0), 60_000)
  const [first] = sinks
  const one = (first as Counting).bytes
  let runs = 0
  // 9 ms where it is divided, 45 ms where it is not.
  const most = 25
  const turn = await longestTurn(async () => {
    runs++
    for (let i = 10; i < 30; i++) await create(`b${runs}${i}`)
    await eventually(() => sinks.every((s) => s.bytes > one * 20 * runs), 60_000)
  }, most)
  assert.ok(turn < most, `a turn took ${turn} ms`)
  const sizes = new Set(sinks.map((s) => s.bytes))
  assert.is(sizes.size, 1)
  for (const stop of stops) stop()
  assert.ok(sinks.every((s) => s.isEnded))
})

test('a thousand watches that take nothing hold nothing of what happens', async () => {
  const stuck = Array.from({ length: 1000 }, () => new Counting(false))
  const stops: (() => void)[] = []
  for (const sink of stuck) stops.push(await watch(sink))
  await create('first')
  await eventually(() => stuck.every((s) => s.writes > 0), 60_000)
  const size = stuck[0]?.bytes ?? 0
  const taking = new Counting()
  stops.push(await watch(taking))
  for (let i = 0; i < 300; i++) await create(`s${i}`, 10_000)
  await eventually(() => taking.bytes > 300 * 10_000, 60_000)
  assert.ok(stuck.every((s) => s.bytes === size))
  for (const stop of stops) stop()
})

test.run()
