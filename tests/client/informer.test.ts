import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ConfigMap } from '../../src/apimachinery/kinds.generated.ts'
import { configmaps } from '../../src/apimachinery/resources.generated.ts'
import { gone, StatusError } from '../../src/apimachinery/status.ts'
import { createInformer } from '../../src/client/informer.ts'
import { createInformerSet } from '../../src/client/informer-set.ts'
import { createVirtualClock } from '../../src/testkit/virtual-clock.ts'
import { eventually } from '../eventually.ts'
import { createServer } from './informer-server.ts'

const map = (name: string, data: Record<string, string> = {}): ConfigMap => ({ metadata: { namespace: 'a', name }, data })

async function started(server = createServer()) {
  const stop = new AbortController()
  const clock = createVirtualClock()
  const informer = createInformer(server.client, configmaps, {
    clock,
    random: () => 0,
    indexers: { colour: (m) => (m.data?.colour ? [m.data.colour] : []) },
  })
  informer.start(stop.signal)
  return { server, informer, clock, stop }
}

test('the first list streams in, then every change arrives in order with what was before', async () => {
  const server = createServer()
  server.create(configmaps, map('one'))
  const { informer, stop } = await started(server)
  await informer.synced()
  const seen: string[] = []
  informer.onChange((now, before, initial) =>
    seen.push(`${before?.metadata.name ?? '-'}>${now?.metadata.name ?? '-'}${initial ? '!' : ''}`),
  )
  server.create(configmaps, map('two', { colour: 'red' }))
  await eventually(() => informer.list().length === 2)
  assert.is(informer.byIndex('colour', 'red')[0]?.metadata.name, 'two')
  server.update(configmaps, map('two', { colour: 'blue' }))
  await eventually(() => informer.byIndex('colour', 'blue').length === 1)
  assert.is(informer.byIndex('colour', 'red').length, 0)
  server.remove(configmaps, 'a/one')
  await eventually(() => informer.get('a/one') === undefined)
  assert.equal(seen, ['->one!', '->two', 'two>two', 'one>-'])
  assert.ok(Object.isFrozen(informer.get('a/two')?.data))
  assert.equal(
    server.requests.map((r) => r.verb),
    ['watch'],
  )
  stop.abort()
  await eventually(() => server.watchers() === 0)
})

test('a server without streaming lists is listed and then watched', async () => {
  const server = createServer()
  server.servesStreams = false
  server.create(configmaps, map('one'))
  const { informer, stop } = await started(server)
  await informer.synced()
  await eventually(() => server.watchers() === 1)
  assert.equal(
    server.requests.map((r) => r.verb),
    ['watch', 'list', 'watch'],
  )
  stop.abort()
})

test('a watch that ends is resumed where it was, without gap, duplicate or list', async () => {
  const { server, informer, clock, stop } = await started()
  await informer.synced()
  server.create(configmaps, map('one'))
  await eventually(() => informer.list().length === 1)
  let calls = 0
  informer.onChange((_now, _before, initial) => (calls += initial ? 0 : 1))
  server.cut()
  server.create(configmaps, map('two'))
  await eventually(() => informer.list().length === 2)
  assert.is(calls, 1)
  server.cut(new Error('connection reset'))
  await eventually(() => clock.pending() > 0 && server.watchers() === 0)
  server.remove(configmaps, 'a/one')
  await clock.advance(1000)
  await eventually(() => informer.list().length === 1)
  assert.not(server.requests.some((r) => r.verb === 'list'))
  stop.abort()
})

test('410 Gone lists again: what vanished meanwhile is told as deleted with its last state', async () => {
  const { server, informer, stop } = await started()
  await informer.synced()
  server.create(configmaps, map('one', { kept: 'yes' }))
  await eventually(() => informer.list().length === 1)
  const removed: (string | undefined)[] = []
  informer.onChange((now, before) => now === undefined && removed.push(before?.data?.kept))
  server.held = true
  server.remove(configmaps, 'a/one')
  server.create(configmaps, map('two'))
  server.compact()
  server.held = false
  server.cut(gone('too old resource version'))
  await eventually(() => informer.get('a/two') !== undefined)
  assert.equal(removed, ['yes'])
  assert.is(informer.get('a/one'), undefined)
  stop.abort()
})

test('failures back off by 0.8 s doubled, and a kind that is not served yet is waited for', async () => {
  const server = createServer()
  server.fault = () => {
    throw new StatusError(404, 'NotFound', 'the server could not find the requested resource')
  }
  const { informer, clock, stop } = await started(server)
  await clock.advance(799)
  assert.is(server.requests.length, 1)
  await clock.advance(1)
  assert.is(server.requests.length, 2)
  await clock.advance(1599)
  assert.is(server.requests.length, 2)
  await clock.advance(1)
  assert.is(server.requests.length, 3)
  server.fault = undefined
  await clock.advance(3200)
  await informer.synced()
  stop.abort()
})

test('the answer of a write is seen at once, and a late event does not undo it', async () => {
  const { server, informer, stop } = await started()
  await informer.synced()
  server.held = true
  const first = server.create(configmaps, map('one', { n: '1' }))
  informer.observe(first)
  assert.is(informer.get('a/one')?.data?.n, '1')
  const second = server.update(configmaps, { ...first, data: { n: '2' } })
  informer.observe(second)
  let events = 0
  informer.onChange((_now, _before, initial) => (events += initial ? 0 : 1))
  server.release()
  server.create(configmaps, map('other'))
  await eventually(() => informer.get('a/other') !== undefined)
  assert.is(informer.get('a/one')?.data?.n, '2')
  assert.is(events, 1)
  stop.abort()
})

test('an answer that the watch has passed does not bring a deleted object back', async () => {
  const { server, informer, stop } = await started()
  await informer.synced()
  const made = server.create(configmaps, map('one'))
  server.remove(configmaps, 'a/one')
  server.create(configmaps, map('two'))
  await eventually(() => informer.get('a/two') !== undefined)
  informer.observe(made)
  assert.is(informer.get('a/one'), undefined)
  stop.abort()
})

const lists = (server: ReturnType<typeof createServer>) =>
  server.requests
    .filter((r) => r.verb === 'list')
    .map((r) => {
      const { resourceVersion, limit } = r.options as { resourceVersion?: string; limit?: number }
      return { resourceVersion, limit }
    })

test('a list takes what the server has at hand at first, then nothing older than was seen; after 410 what is true now, in pages', async () => {
  const server = createServer()
  server.servesStreams = false
  server.create(configmaps, map('one'))
  const { informer, clock, stop } = await started(server)
  await informer.synced()
  await eventually(() => server.watchers() === 1)
  server.cut(new StatusError(500, 'InternalError', 'etcdserver: leader changed'))
  await eventually(() => server.watchers() === 0)
  await clock.advance(2000)
  await eventually(() => server.watchers() === 1)
  server.cut(gone('too old resource version'))
  await eventually(() => lists(server).length === 3)
  assert.equal(lists(server), [
    { resourceVersion: '0', limit: undefined },
    { resourceVersion: '101', limit: undefined },
    { resourceVersion: undefined, limit: 500 },
  ])
  stop.abort()
})

test('a server that lags behind what was seen is asked for what is true now, at once', async () => {
  const server = createServer()
  server.servesStreams = false
  let isBehind = true
  const { list } = server.client
  server.client.list = async (r, o) => {
    const answer = await list(r, o)
    if (isBehind && o?.resourceVersion)
      throw new StatusError(504, 'Timeout', 'Too large resource version: 100, current: 99', {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      })
    isBehind = false
    return answer
  }
  const { informer, stop } = await started(server)
  await informer.synced()
  assert.equal(
    lists(server).map((l) => l.resourceVersion),
    ['0', undefined],
  )
  stop.abort()
})

test('a watch that bookmarks told to be alive and that falls silent for three minutes is made anew', async () => {
  const { server, informer, clock, stop } = await started()
  await informer.synced()
  server.bookmark(configmaps)
  await clock.advance(170_000)
  assert.is(server.requests.length, 1)
  await clock.advance(20_000)
  await eventually(() => server.requests.length === 2 && server.watchers() === 1)
  assert.equal(
    server.requests.map((r) => r.verb),
    ['watch', 'watch'],
  )
  stop.abort()
})

test('users of one set share one informer a kind', async () => {
  const server = createServer()
  const stop = new AbortController()
  const set = createInformerSet(server.client, { signal: stop.signal })
  assert.is(set.of(configmaps), set.of(configmaps))
  await set.synced()
  assert.is(server.watchers(), 1)
  stop.abort()
})

test.run()
