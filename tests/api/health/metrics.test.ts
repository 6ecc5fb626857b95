import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Sink } from '../../../src/api/request.ts'
import { StatusError } from '../../../src/apimachinery/status.ts'
import { asking } from '../abuse/asking.ts'
import { admin, testApi } from '../test-api.ts'

const { api, ask } = await asking()
const configMaps = '/api/v1/namespaces/default/configmaps'
const metrics = async () => (await ask('GET', '/metrics')).text
const labels = (scope: string, verb: string, more = '') =>
  `component="apiserver",dry_run="${more}",group="",resource="configmaps",scope="${scope}",subresource="",verb="${verb}",version="v1"`

test('requests are counted with the labels of kube-apiserver', async () => {
  const body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}'
  await ask('POST', configMaps, body, { 'content-type': 'application/json' })
  await ask('POST', `${configMaps}?dryRun=All`, body.replace('"a"', '"b"'), { 'content-type': 'application/json' })
  await ask('GET', `${configMaps}/a`)
  await ask('GET', configMaps)
  await ask('GET', '/api/v1/configmaps')
  await ask('PATCH', `${configMaps}/a?fieldManager=m`, body, { 'content-type': 'application/apply-patch+yaml' })
  await ask('DELETE', configMaps)
  await ask('GET', '/healthz')
  const text = await metrics()
  for (const line of [
    `apiserver_request_total{code="201",${labels('resource', 'POST')}} 1`,
    `apiserver_request_total{code="201",${labels('resource', 'POST', 'All')}} 1`,
    `apiserver_request_total{code="200",${labels('resource', 'GET')}} 1`,
    `apiserver_request_total{code="200",${labels('namespace', 'LIST')}} 1`,
    `apiserver_request_total{code="200",${labels('cluster', 'LIST')}} 1`,
    `apiserver_request_total{code="200",${labels('resource', 'APPLY')}} 1`,
    `apiserver_request_total{code="200",${labels('namespace', 'DELETE')}} 1`,
    'apiserver_request_total{code="200",component="",dry_run="",group="",resource="",scope="",subresource="/healthz",verb="GET",version=""} 1',
    `apiserver_request_sli_duration_seconds_count{${labels('resource', 'GET').replace('dry_run="",', '')}} 1`,
    `apiserver_response_sizes_bucket{${labels('resource', 'GET').replace('dry_run="",', '')},le="1000"} 1`,
    'authentication_attempts{result="success"} 11',
    'authenticated_user_requests{username="admin"} 11',
    'authorization_attempts_total{result="allowed"} 11',
    'apiserver_storage_events_received_total{group="",resource="configmaps"} 2',
    `apiserver_request_duration_seconds_count{${labels('resource', 'GET')}} 1`,
    'etcd_request_duration_seconds_count{group="",operation="create",resource="configmaps"} 1',
    'etcd_requests_total{group="",operation="create",resource="configmaps"} 1',
    `apiserver_response_sizes_bucket{${labels('resource', 'GET').replace('dry_run="",', '')},le="1e+06"} 1`,
    'apiserver_watch_cache_initializations_total{group="",resource="configmaps"} 1',
    'version_info{binary="1.36.3",component="kube",emulation="1.36",min_compat="1.35"} 1',
    'apiserver_storage_objects{resource="configmaps"} 0',
    'apiserver_current_inflight_requests{request_kind="mutating"} 1',
  ])
    assert.ok(text.includes(`${line}\n`), line)
})

test('open watches are counted, and no more when they end', async () => {
  const { body } = await api.handle({
    method: 'GET',
    path: configMaps,
    query: new URLSearchParams('watch=1'),
    headers: {},
    user: admin,
    signal: new AbortController().signal,
  })
  if (!('stream' in body) || !body.feed) throw new Error('no watch')
  const sink: Sink = { write: () => true, end: () => {}, abort: () => {}, onDrain: undefined }
  const line = (n: number) =>
    `apiserver_longrunning_requests{component="apiserver",group="",resource="configmaps",scope="namespace",subresource="",verb="WATCH",version="v1"} ${n}\n`
  const stop = body.feed(sink)
  assert.ok((await metrics()).includes(line(1)))
  stop()
  assert.ok((await metrics()).includes(line(0)))
})

test('paths and methods that nobody knows make no series of their own', async () => {
  for (let i = 0; i < 50; i++) await ask(i % 2 ? 'GET' : `M${i}`, `/nothing/${i}`)
  for (let i = 0; i < 50; i++) await ask('GET', `/api/v1/unknown${i}`)
  assert.is((await metrics()).match(/^apiserver_request_total\{.*(?:nothing|unknown|M\d)/gm), null)
})

test('a deprecated resource that was asked for is told of', async () => {
  await ask('GET', '/api/v1/endpoints')
  const of = 'group="",removed_release="",resource="endpoints",subresource="",version="v1"'
  assert.ok((await metrics()).includes(`apiserver_requested_deprecated_apis{${of}} 1\n`))
})

test('requests that are refused before they are served are not counted, as with kube-apiserver', async () => {
  const { api } = await testApi({
    security: () => ({
      authenticate: (r) => {
        if (r.user) return r.user
        if (!r.headers.authorization) throw new StatusError(401, 'Unauthorized', 'Unauthorized')
        return { name: 'jane@example.com', groups: [] }
      },
      authorize: ({ user, path }) => ({ allowed: user === admin || path === '/metrics', reason: '' }),
    }),
  })
  const get = (path: string, headers = {}) =>
    api.handle({ method: 'GET', path, query: new URLSearchParams(), headers, signal: new AbortController().signal })
  await get('/api/v1/pods')
  await get('/api/v1/pods', { authorization: 'x' })
  const { body } = await get('/metrics', { authorization: 'x' })
  const text = 'bytes' in body ? Buffer.from(body.bytes).toString() : ''
  assert.not.match(text, /^apiserver_request_total.*pods/m)
  for (const line of [
    'authentication_attempts{result="error"} 1',
    'authenticated_user_requests{username="email_id"} 2',
    'authorization_attempts_total{result="no-opinion"} 1',
    'authorization_attempts_total{result="allowed"} 3',
  ])
    assert.ok(text.includes(`${line}\n`), line)
})

test('events sent to watches are counted by kind, and how long it took to tell what there is', async () => {
  const { body } = await api.handle({
    method: 'GET',
    path: configMaps,
    query: new URLSearchParams('watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'),
    headers: {},
    user: admin,
    signal: new AbortController().signal,
  })
  if (!('stream' in body) || !body.feed) throw new Error('no watch')
  let writes = 0
  let stop = () => {}
  const { feed } = body
  const isTold = new Promise<void>((resolve) => {
    const write = () => {
      if (++writes === 2) resolve()
      return true
    }
    stop = feed({ write, end: () => {}, abort: () => {}, onDrain: undefined })
  })
  await ask('POST', configMaps, '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"w"}}', {
    'content-type': 'application/json',
  })
  await isTold
  const text = await metrics()
  stop()
  // The bookmark after what there is, and the new object.
  assert.ok(text.includes('apiserver_watch_events_total{group="",resource="configmaps",version="v1"} 2\n'))
  assert.ok(text.includes('apiserver_watch_events_sizes_bucket{group="",resource="configmaps",version="v1",le="1024"} 2\n'))
  assert.ok(
    text.includes(
      'apiserver_watch_list_duration_seconds_count{group="",resource="configmaps",scope="namespace",version="v1"} 1\n',
    ),
  )
})

test('every sample has a HELP and a TYPE before it, and each name only one', async () => {
  await metrics()
  const lines = (await metrics()).trimEnd().split('\n')
  const types = lines.filter((l) => l.startsWith('# TYPE')).map((l) => l.split(' ')[2] as string)
  assert.is(new Set(types).size, types.length)
  for (const line of lines.filter((l) => !l.startsWith('#'))) {
    const name = /^[a-z0-9_]+/.exec(line)?.[0] ?? ''
    assert.ok(types.includes(name) || types.includes(name.replace(/_(?:bucket|sum|count)$/, '')), line)
  }
})

test('a check that is not there cannot be left out, and the answer says so', async () => {
  const { status, text } = await ask('GET', '/readyz?verbose&exclude=etcd&exclude=foo')
  assert.is(status, 200)
  assert.match(text, '[+]etcd excluded: ok\n')
  assert.match(text, 'warn: some health checks cannot be excluded: no matches for "foo"\nreadyz check passed\n')
})

test.run()
