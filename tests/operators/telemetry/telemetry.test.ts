import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { otlpTracer } from '../../../src/operators/telemetry/otlp.ts'
import { startTestServer } from '../../../src/testkit/start.ts'
import { Database, database, databaseCrd, databaseOperator } from '../database.ts'

const quiet = { crds: [databaseCrd], controllers: [] }

test('metrics have controller-runtime’s names, and are served with health over HTTP', async () => {
  const server = await startTestServer(quiet)
  const running = server.run(databaseOperator(), { status: { port: 0, host: '127.0.0.1' } })
  await running.started
  await server.create(Database, database('a'))
  await server.eventually(() => server.get('StatefulSet', 'a'))
  await running.idle()
  const base = `http://127.0.0.1:${await running.statusPort}`
  const text = await (await fetch(`${base}/metrics`)).text()
  for (const line of [
    /^controller_runtime_reconcile_total\{controller="database",result="success"\} [1-9]/m,
    /^controller_runtime_reconcile_time_seconds_bucket\{controller="database",le="\+Inf"\} [1-9]/m,
    /^controller_runtime_max_concurrent_reconciles\{controller="database"\} 8$/m,
    /^workqueue_adds_total\{controller="database",name="database"\} [1-9]/m,
    /^workqueue_depth\{controller="database",name="database"\} 0$/m,
    /^workqueue_queue_duration_seconds_count\{controller="database",name="database"\} [1-9]/m,
    /^leader_election_master_status\{name="database"\} 1$/m,
    /^rest_client_requests_total\{code="200",method="PATCH"\} [1-9]/m,
  ])
    assert.match(text, line)
  assert.is((await fetch(`${base}/healthz`)).status, 200)
  assert.is((await fetch(`${base}/readyz`)).status, 200)
  await server.stop()
})

test('not ready while a kind is not served', async () => {
  const server = await startTestServer({ controllers: [] })
  const running = server.run(databaseOperator(), { status: { port: 0, host: '127.0.0.1' } })
  const answer = await fetch(`http://127.0.0.1:${await running.statusPort}/readyz`)
  assert.is(answer.status, 503)
  assert.match(await answer.text(), /WaitingForKind Database of example\.dev\/v1/)
  await server.stop()
})

test('traces: a run is a span, its requests are its children, and they are sent as OTLP', async () => {
  const bodies: { resourceSpans: { scopeSpans: { spans: Record<string, unknown>[] }[] }[] }[] = []
  const collector = createServer(async (request, response) => {
    let text = ''
    for await (const piece of request) text += piece
    bodies.push(JSON.parse(text))
    response.end('{}')
  })
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
  const tracer = otlpTracer({ endpoint, service: 'database' })
  const server = await startTestServer(quiet)
  server.run(databaseOperator(), { tracer })
  await server.create(Database, database('a'))
  await server.eventually(() => server.get('StatefulSet', 'a'))
  await server.stop()
  await tracer.flush()
  collector.close()
  const spans = bodies.flatMap((b) => b.resourceSpans[0]?.scopeSpans[0]?.spans ?? [])
  const run = spans.find((s) => s.name === 'reconcile')
  assert.ok(run)
  const apply = spans.find((s) => s.name === 'apply statefulsets')
  assert.is(apply?.parentSpanId, run.spanId)
  assert.is(apply?.traceId, run.traceId)
  assert.ok(BigInt(String(run.endTimeUnixNano)) >= BigInt(String(run.startTimeUnixNano)))
})

test('an endless loop is told with the field that keeps it going', async () => {
  const server = await startTestServer(quiet)
  let n = 0
  server.run(
    databaseOperator({
      owns: ['ConfigMap'],
      reconcile: ({ child }) => {
        child('ConfigMap', { data: { n: String(Math.min(n++, 40)) } })
        return undefined
      },
    }),
  )
  await server.create(Database, database('a'))
  const event = await server.eventually(async () => (await server.list('Event', 'default')).find((e) => e.reason === 'Loop'))
  assert.is(event.type, 'Warning')
  assert.match(event.message ?? '', /without a change of its spec, the last time because ConfigMap default\/a changed at /)
  await server.stop()
})

test.run()
