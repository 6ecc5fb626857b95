import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Sink } from '../../../src/api/request.ts'
import type { ConfigMap } from '../../../src/apimachinery/kinds.generated.ts'
import { configmaps, namespaces } from '../../../src/apimachinery/resources.generated.ts'
import { admin, testApi } from '../test-api.ts'

const { api, client } = await testApi()
await client.create(namespaces, { metadata: { name: 'other' } } as never)
const never = new AbortController().signal

interface Seen {
  readonly type: string
  readonly object: { metadata: { name: string; resourceVersion: string; annotations?: Record<string, string> } }
}

/** A client that takes `room` writes, then no more until it is told to. */
class TestSink implements Sink {
  text = ''
  writes = 0
  room: number
  isEnded = false
  onDrain: (() => void) | undefined
  #wake = () => {}

  constructor(room = Number.POSITIVE_INFINITY) {
    this.room = room
  }

  write(bytes: Uint8Array): boolean {
    this.text += Buffer.from(bytes).toString()
    this.writes++
    this.#wake()
    return this.writes < this.room
  }

  drain(): void {
    this.room = Number.POSITIVE_INFINITY
    this.onDrain?.()
  }

  end(): void {
    this.isEnded = true
    this.#wake()
  }

  abort(): void {
    this.end()
  }

  get events(): Seen[] {
    return this.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Seen)
  }

  /** Waits until so many events have come, or the watch has ended. */
  async until(count: number): Promise<string[]> {
    while (this.events.length < count && !this.isEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.events.map((e) => `${e.type} ${e.object.metadata.name ?? ''}`.trim())
  }
}

async function watch(query: string, sink: TestSink, namespace = 'default'): Promise<() => void> {
  const path = `/api/v1/namespaces/${namespace}/configmaps`
  const { body } = await api.handle({
    method: 'GET',
    path,
    query: new URLSearchParams(`watch=1&${query}`),
    headers: {},
    user: admin,
    signal: never,
  })
  if (!('stream' in body) || !body.feed) throw new Error('no watch')
  return body.feed(sink)
}

const make = (name: string, labels = {}, namespace = 'default') =>
  client.create(configmaps, { metadata: { name, namespace, labels } } as ConfigMap)
const now = async () => (await client.list(configmaps)).metadata.resourceVersion ?? ''

test('present objects come first, then a bookmark that says so, then what happens', async () => {
  await make('a1')
  await make('a2')
  const sink = new TestSink()
  const stop = await watch('sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan', sink)
  await make('a3')
  assert.equal(await sink.until(4), ['ADDED a1', 'ADDED a2', 'BOOKMARK', 'ADDED a3'])
  assert.is(sink.events[2]?.object.metadata.annotations?.['k8s.io/initial-events-end'], 'true')
  stop()
  assert.ok(sink.isEnded)
})

test('a watch sees its namespace only, and what its selector selects, entering and leaving', async () => {
  const since = await now()
  const [all, chosen] = [new TestSink(), new TestSink()]
  const stops = [
    await watch(`resourceVersion=${since}`, all),
    await watch(`resourceVersion=${since}&labelSelector=on=yes`, chosen),
  ]
  const b = await make('b1')
  await make('b1', {}, 'other')
  const on = await client.update(configmaps, { ...b, metadata: { ...b.metadata, labels: { on: 'yes' } } })
  await client.update(configmaps, { ...on, metadata: { ...on.metadata, labels: {} } })
  assert.equal(await all.until(3), ['ADDED b1', 'MODIFIED b1', 'MODIFIED b1'])
  assert.equal(await chosen.until(2), ['ADDED b1', 'DELETED b1'])
  for (const stop of stops) stop()
})

test('who does not take gets nothing more, and later everything once and in order, also what only the log still has', async () => {
  const since = await now()
  const [slow, quick] = [new TestSink(1), new TestSink()]
  const stops = [await watch(`resourceVersion=${since}`, slow), await watch(`resourceVersion=${since}`, quick)]
  const names: string[] = []
  for (let i = 0; i < 3000; i++) {
    names.push(`ADDED c${i}`)
    if (i % 100 === 99) await Promise.all(names.slice(-100).map((n) => make(n.slice(6))))
  }
  const all = await quick.until(names.length)
  assert.equal([...all].sort(), [...names].sort())
  assert.is(slow.writes, 1)
  slow.drain()
  assert.equal(await slow.until(names.length), all)
  for (const stop of stops) stop()
})

test.run()
