// What a definition can say, each against the real API in memory.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Secret } from '../../src/apimachinery/kinds.generated.ts'
import { secrets } from '../../src/apimachinery/resources.generated.ts'
import { defineOperator, watching } from '../../src/operators/operator.ts'
import { TerminalError } from '../../src/operators/work/worker.ts'
import { startTestServer } from '../../src/testkit/start.ts'
import { Database, database, databaseCrd, databaseOperator } from './database.ts'

const lean = { crds: [databaseCrd], controllers: [], clock: 'virtual' } as const
const secret = (name: string, text: string): Secret => ({ metadata: { name, namespace: 'default' }, stringData: { text } })

test('an index finds the objects that a watched one concerns; only its metadata is kept', async () => {
  const server = await startTestServer(lean)
  const seen: string[] = []
  server.run(
    databaseOperator({
      owns: [],
      indexes: { secret: (db) => (db.spec.backup ? [db.spec.backup] : []) },
      watches: [
        watching('Secret', {
          metadata: true,
          to: (s, { by }) => by('secret', s.metadata.name ?? ''),
        }),
      ],
      reconcile({ object, read }) {
        const found = object.spec.backup ? read('Secret', object.spec.backup) : undefined
        seen.push(`${object.metadata.name} ${found?.metadata.name ?? '-'} ${found?.data ? 'data' : 'no data'}`)
        return undefined
      },
    }),
  )
  await server.create(Database, database('a', { backup: 'key' }))
  await server.create(Database, database('b'))
  await server.eventually(() => seen.length === 2)
  await server.create('Secret', secret('other', '1'))
  await server.create('Secret', secret('key', '1'))
  await server.eventually(() => seen.length === 3)
  assert.equal(seen.slice(0, 2).sort(), ['a - no data', 'b - no data'])
  assert.is(seen[2], 'a key no data')
  await server.stop()
})

test('by default a change of status runs nothing, one of spec, labels or annotations does', async () => {
  const server = await startTestServer(lean)
  let runs = 0
  const running = server.run(
    databaseOperator({
      owns: [],
      reconcile: () => {
        runs++
        return undefined
      },
    }),
  )
  await server.create(Database, database('a'))
  await server.eventually(() => runs === 1)
  const at = { namespace: 'default' }
  await server.client.patch(Database, 'a', { type: 'merge', body: { status: { x: 1 } } }, { ...at, subresource: 'status' })
  await server.advance('1s')
  assert.is(runs, 1)
  for (const body of [{ spec: { replicas: 2 } }, { metadata: { labels: { a: 'b' } } }, { metadata: { annotations: { a: 'b' } } }])
    await server.client.patch(Database, 'a', { type: 'merge', body }, at)
  await server.eventually(() => runs >= 2)
  await running.idle()
  await server.stop()
})

test('a run that passes its deadline is aborted, applies nothing and is retried', async () => {
  const server = await startTestServer(lean)
  let runs = 0
  const running = server.run(
    databaseOperator({
      deadline: '1s',
      async reconcile({ child, signal }) {
        child('ConfigMap', {})
        if (++runs === 1) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
        return undefined
      },
      owns: ['ConfigMap'],
    }),
  )
  await server.create(Database, database('a'))
  await server.eventually(() => runs === 1)
  assert.is(await server.get('ConfigMap', 'a'), undefined)
  await server.eventually(() => server.get('ConfigMap', 'a'))
  assert.is(running.metrics.get('database')?.timeouts, 1)
  await server.stop()
})

test('a terminal error is not retried until something changes', async () => {
  const server = await startTestServer(lean)
  let runs = 0
  const running = server.run(
    databaseOperator({
      owns: [],
      reconcile() {
        runs++
        throw new TerminalError('this can not work')
      },
    }),
  )
  await server.create(Database, database('a'))
  await server.eventually(() => runs === 1)
  await server.advance('1h')
  assert.is(runs, 1)
  assert.is(running.metrics.get('database')?.terminal, 1)
  await server.client.patch(Database, 'a', { type: 'merge', body: { spec: { replicas: 5 } } }, { namespace: 'default' })
  await server.eventually(() => runs === 2)
  await server.stop()
})

test('a busy server is asked again when it says', async () => {
  const server = await startTestServer(lean)
  const { StatusError } = await import('../../src/apimachinery/status.ts')
  let refusals = 0
  const fail = (verb: string, resource: string) => {
    if (verb !== 'apply' || resource !== 'configmaps' || refusals > 0) return
    refusals++
    throw new StatusError(429, 'TooManyRequests', 'busy', { retryAfterSeconds: 7 })
  }
  server.faults.set({ fail })
  server.run(
    databaseOperator({
      owns: ['ConfigMap'],
      reconcile({ child }) {
        child('ConfigMap', {})
        return undefined
      },
    }),
  )
  await server.create(Database, database('a'))
  await server.eventually(() => refusals === 1)
  const began = server.clock.now()
  await server.eventually(() => server.get('ConfigMap', 'a'))
  assert.ok(server.clock.now() - began >= 6900, `asked again after ${server.clock.now() - began} ms`)
  await server.stop()
})

test('a kind without a status subresource is told what it needs', async () => {
  const crd = databaseCrd.replace('      subresources: { status: {} }\n', '')
  const server = await startTestServer({ ...lean, crds: [crd] })
  server.run(databaseOperator({ owns: [], reconcile: () => ({ status: { Ready: true } }) }))
  await server.create(Database, database('a'))
  await server.eventually(() => /Database of example\.dev\/v1 has no status subresource/.test(server.recorder.timeline()))
  await server.stop()
})

test('once keeps its first value, also for the next process, and two at a time agree', async () => {
  const server = await startTestServer(lean)
  let made = 0
  const values: unknown[] = []
  const operator = databaseOperator({
    owns: [],
    async reconcile({ once }) {
      values.push(...(await Promise.all([once('a', () => ++made), once('b', () => 'x'), once('a', () => ++made)])))
      return undefined
    },
  })
  const first = new AbortController()
  server.run(operator, { signal: first.signal })
  await server.create(Database, database('a'))
  await server.eventually(() => values.length === 3)
  first.abort()
  assert.is(values[0], values[2])
  server.run(operator)
  await server.eventually(() => values.length === 6)
  assert.equal(values.slice(3), values.slice(0, 3))
  const kept = (await server.client.list(secrets, { namespace: 'default' })).items
  assert.equal(
    kept.map((s) => [
      s.metadata.ownerReferences?.[0]?.name,
      Object.keys(s.data ?? {})
        .sort()
        .join(),
    ]),
    [['a', 'a,b']],
  )
  await server.stop()
})

test('a new child costs one request; values made once cost none after a restart, when Secrets are among what is owned', async () => {
  const server = await startTestServer(lean)
  const reads = (text: string): number =>
    [...text.matchAll(/^rest_client_requests_total\{code="(?:200|404)",method="GET"\} (\d+)/gm)].reduce(
      (n, [, m]) => n + Number(m),
      0,
    )
  const values: string[] = []
  const operator = databaseOperator({
    owns: ['Secret', 'Service'],
    async reconcile({ child, once }) {
      values.push(await once('auth', () => `made ${values.length}`))
      child('Secret', { stringData: { auth: values.at(-1) ?? '' } })
      child('Service', { spec: { ports: [{ port: 1 }] } })
      return { status: { ready: 1 } }
    },
  })
  const first = new AbortController()
  await server.create(Database, database('a'))
  const running = server.run(operator, { signal: first.signal })
  await server.eventually(async () => (await server.get(Database, 'a'))?.status?.ready)
  // One for the value: the Secrets of such values are followed from then on.
  assert.ok(reads(running.metricsText()) <= 1, running.metricsText())
  first.abort()
  await running.stopped
  await server.create(Database, database('b'))
  const again = server.run(operator)
  await server.eventually(async () => (await server.get(Database, 'b'))?.status?.ready)
  await again.idle()
  assert.ok(reads(again.metricsText()) <= 2, again.metricsText())
  assert.equal(new Set(values), new Set(['made 0', values.at(-1)]))
  await server.stop()
})

test('an operator of its own process keeps no managedFields, and writes none away', async () => {
  const server = await startTestServer(lean)
  const kept: (string | undefined)[] = []
  const operator = databaseOperator({
    owns: ['Secret'],
    reconcile({ object: db, child, observed }) {
      const secret = observed(child('Secret', { stringData: { a: 'b' } }))
      if (!secret) return undefined
      kept.push(JSON.stringify([db.metadata.managedFields, secret.metadata.managedFields]))
      return { status: { ready: 1 } }
    },
  })
  server.run(operator)
  await server.create(Database, database('a'))
  const live = await server.eventually(async () => {
    const db = await server.get(Database, 'a')
    return db?.status?.ready ? db : undefined
  })
  assert.equal(new Set(kept), new Set(['[null,null]']))
  assert.is(live.metadata.managedFields?.length, 2)
  assert.is((await server.get('Secret', 'a'))?.metadata.managedFields?.[0]?.operation, 'Apply')
  await server.stop()
})

test('an object of the same name that nobody owns is an error, or adopted by who says so; another owner’s never is', async () => {
  const server = await startTestServer({ crds: [databaseCrd], controllers: [], clock: 'virtual' })
  const reconcile: Parameters<typeof databaseOperator>[0] = {
    owns: ['Secret'],
    reconcile: ({ child }) => {
      child('Secret', { stringData: { text: 'ours' } })
      return undefined
    },
  }
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: '0', controller: true }
  await server.create('Secret', secret('free', 'theirs'))
  await server.create('Secret', {
    ...secret('taken', 'theirs'),
    metadata: { name: 'taken', namespace: 'default', ownerReferences: [owner] },
  })
  const careful = server.run(databaseOperator(reconcile))
  await server.create(Database, database('free'))
  await server.eventually(() => (careful.metrics.get('database')?.error ?? 0) > 0)
  assert.match(server.recorder.timeline(), /Secret free exists and does not belong to Database free/)
  const textOf = async (name: string) => Buffer.from((await server.get('Secret', name))?.data?.text ?? '', 'base64').toString()
  assert.is(await textOf('free'), 'theirs')
  const adopting = server.run(databaseOperator({ ...reconcile, name: 'adopting', adopts: true }))
  await server.eventually(async () => (await textOf('free')) === 'ours')
  await server.create(Database, database('taken'))
  await server.eventually(() => (adopting.metrics.get('adopting')?.error ?? 0) > 0)
  assert.is(await textOf('taken'), 'theirs')
  await server.stop()
})

test('what others change of a child is put back; what they add is theirs', async () => {
  const server = await startTestServer(lean)
  server.run(databaseOperator())
  await server.create(Database, database('a'))
  await server.eventually(() => server.get('StatefulSet', 'a'))
  const body = { spec: { replicas: 7, minReadySeconds: 5 } }
  const { statefulsets } = await import('../../src/apimachinery/resources.generated.ts')
  await server.client.patch(statefulsets, 'a', { type: 'merge', body }, { namespace: 'default', fieldManager: 'kubectl' })
  const set = await server.eventually(async () => {
    const live = await server.get('StatefulSet', 'a')
    return live?.spec?.replicas === 1 ? live : undefined
  })
  assert.is(set.spec?.minReadySeconds, 5)
  await server.stop()
})

test('what can not work is refused when it is defined', () => {
  const part = { for: Database, reconcile: () => undefined }
  assert.throws(() => defineOperator({ ...part, name: 'Has Spaces' }), /lower case letters, digits and dashes/)
  assert.throws(() => defineOperator({ ...part, workers: 0 }), /workers must be a whole number/)
  assert.throws(() => defineOperator({ ...part, deadline: 'soon' as never }), /"soon" is no duration/)
  assert.throws(() => defineOperator({ ...part, owns: ['Databasse' as never] }), /"Databasse" is no built-in kind/)
})

test.run()
