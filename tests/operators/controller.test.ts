import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ConfigMap, Secret } from '../../src/apimachinery/kinds.generated.ts'
import { configmaps, secrets } from '../../src/apimachinery/resources.generated.ts'
import { type Controller, defineController, watching } from '../../src/operators/controller.ts'
import { createLog } from '../../src/operators/log.ts'
import { runControllers } from '../../src/operators/run-controllers.ts'
import { createVirtualClock } from '../../src/testkit/virtual-clock.ts'
import { createServer, type Server } from '../client/informer-server.ts'
import { eventually } from '../eventually.ts'

const map = (name: string, data: Record<string, string> = {}): ConfigMap => ({ metadata: { namespace: 'a', name }, data })

async function running(server: Server, part: Partial<Controller<ConfigMap>>) {
  const stop = new AbortController()
  const clock = createVirtualClock()
  const errors: string[] = []
  const log = createLog((level, _message, fields) => level === 'error' && errors.push(String(fields.error)))
  const controller = defineController<ConfigMap>({ name: 'test', for: configmaps, reconcile: async () => undefined, ...part })
  const run = runControllers(server.client, [controller], { signal: stop.signal, clock, random: () => 0.5, log })
  await run.started
  return { run, clock, stop, errors }
}

test('each object is reconciled at start, and again when it or its child changes', async () => {
  const server = createServer()
  server.create(configmaps, map('one'))
  const seen: string[] = []
  const { stop } = await running(server, {
    owns: [secrets],
    reconcile: async (m) => void seen.push(m.metadata.name ?? '') as undefined,
  })
  await eventually(() => seen.length === 1)
  const owner = server.create(configmaps, map('two'))
  await eventually(() => seen.length === 2)
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'two', uid: owner.metadata.uid ?? '', controller: true }]
  server.create<Secret>(secrets, { metadata: { namespace: 'a', name: 'child', ownerReferences } })
  await eventually(() => seen.length === 3)
  server.remove(secrets, 'a/child')
  await eventually(() => seen.length === 4)
  assert.equal(seen, ['one', 'two', 'two', 'two'])
  stop.abort()
})

test('what reconcile wrote is in the lists of its next run, although the watch is late', async () => {
  const server = createServer()
  const counts: number[] = []
  const { stop } = await running(server, {
    owns: [secrets],
    reconcile: async (m, { client, children }) => {
      counts.push(children(secrets, m).length)
      if (counts.length > 2) return undefined
      const ownerReferences = [
        { apiVersion: 'v1', kind: 'ConfigMap', name: m.metadata.name ?? '', uid: m.metadata.uid ?? '', controller: true },
      ]
      await client.create<Secret>(
        secrets,
        { metadata: { namespace: 'a', name: `child-${counts.length}`, ownerReferences } },
        { namespace: 'a' },
      )
      return { requeueAfterMs: 0 }
    },
  })
  server.create(configmaps, map('one'))
  await eventually(() => counts.length >= 1)
  server.held = true
  await eventually(() => counts.length >= 3)
  assert.equal(counts.slice(0, 3), [0, 1, 2])
  stop.abort()
})

test('a failing object is retried with back-off, logged with its key, and holds up nobody', async () => {
  const server = createServer()
  const runs: string[] = []
  const { stop, clock, errors } = await running(server, {
    workers: 1,
    reconcile: async (m) => {
      runs.push(m.metadata.name ?? '')
      if (m.metadata.name === 'bad' && runs.length < 4) throw new Error('no luck')
      return undefined
    },
  })
  server.create(configmaps, map('bad'))
  server.create(configmaps, map('good'))
  await eventually(() => runs.length === 2)
  await clock.advance(5)
  await clock.advance(10)
  await eventually(() => runs.length === 4)
  assert.equal(runs, ['bad', 'good', 'bad', 'bad'])
  assert.equal(errors, ['no luck', 'no luck'])
  stop.abort()
})

test('a change of a watched resource runs the objects it concerns; removed keys are told', async () => {
  const server = createServer()
  const seen: string[] = []
  const { stop } = await running(server, {
    watches: [watching(secrets, (s) => [`a/${s.metadata.annotations?.for}`])],
    reconcile: async (m) => void seen.push(m.metadata.name ?? '') as undefined,
    removed: async (key) => void seen.push(`-${key}`),
  })
  server.create(configmaps, map('one'))
  await eventually(() => seen.length === 1)
  server.create<Secret>(secrets, { metadata: { namespace: 'a', name: 's', annotations: { for: 'one' } } })
  await eventually(() => seen.length === 2)
  server.remove(configmaps, 'a/one')
  await eventually(() => seen.length === 3)
  assert.equal(seen, ['one', 'one', '-a/one'])
  stop.abort()
})

test('stopping waits for the reconciles that run', async () => {
  const server = createServer()
  const release = Promise.withResolvers<void>()
  let done = false
  const { run, stop } = await running(server, {
    reconcile: async () => {
      await release.promise
      done = true
      return undefined
    },
  })
  server.create(configmaps, map('one'))
  await eventually(() => run.metrics.get('test')?.activeWorkers === 1)
  stop.abort()
  release.resolve()
  await run.stopped
  assert.ok(done)
})

test.run()
