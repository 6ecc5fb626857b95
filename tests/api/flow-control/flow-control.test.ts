import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { tableText } from '../../../src/api/flow-control/dumps.ts'
import type { ApiResponse, UserInfo } from '../../../src/api/request.ts'
import { flowschemas, prioritylevelconfigurations } from '../../../src/apimachinery/resources.generated.ts'
import { admin, testApi } from '../test-api.ts'

const jane: UserInfo = { name: 'jane', groups: ['system:authenticated'] }
const never = new AbortController().signal
const textOf = ({ body }: ApiResponse) => ('bytes' in body ? Buffer.from(body.bytes).toString() : '')
const { api, client } = await testApi({
  limits: { reading: 40, writing: 20 },
  security: () => ({
    authenticate: (r) => r.user ?? admin,
    authorize: ({ user }) => ({ allowed: user.name !== 'eve', reason: '' }),
  }),
})
const ask = (path: string, user = jane, query = '', signal = never) =>
  api.handle({ method: 'GET', path, query: new URLSearchParams(query), headers: {}, user, signal })
const dump = async (name: string, query = '') => textOf(await ask(`/debug/api_priority_and_fairness/${name}`, admin, query))
const metrics = async () => textOf(await ask('/metrics', admin))
const uid = async (name: string) => (await client.get(prioritylevelconfigurations, name)).metadata.uid

const level = (name: string, limitResponse: object) => ({
  metadata: { name },
  spec: {
    type: 'Limited',
    limited: { nominalConcurrencyShares: 1, lendablePercent: 0, borrowingLimitPercent: 0, limitResponse },
  },
})
const schema = (name: string, user: string, to: string) => ({
  metadata: { name },
  spec: {
    priorityLevelConfiguration: { name: to },
    matchingPrecedence: 10,
    distinguisherMethod: { type: 'ByUser' },
    rules: [
      {
        subjects: [{ kind: 'User', user: { name: user } }],
        nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
        resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }],
      },
    ],
  },
})

test('without any stored level or schema, masters are exempt and the others are caught', async () => {
  assert.is((await ask('/api/v1/pods', admin)).headers['x-kubernetes-pf-flowschema-uid'], '')
  await ask('/api/v1/pods')
  const text = await metrics()
  assert.ok(
    text.includes('apiserver_flowcontrol_dispatched_requests_total{flow_schema="catch-all",priority_level="catch-all"} 1\n'),
  )
  assert.match(text, /dispatched_requests_total\{flow_schema="exempt",priority_level="exempt"\} [1-9]/)
  assert.ok(text.includes('apiserver_flowcontrol_nominal_limit_seats{priority_level="catch-all"} 60\n'))
})

test('a request is told its schema and level, also when it is forbidden', async () => {
  await client.create(
    prioritylevelconfigurations,
    level('slow', { type: 'Queue', queuing: { queues: 2, handSize: 1, queueLengthLimit: 5 } }) as never,
  )
  await client.create(flowschemas, schema('eves', 'eve', 'slow') as never)
  const response = await ask('/api/v1/pods', { ...jane, name: 'eve' })
  assert.is(response.status, 403)
  assert.is(response.headers['x-kubernetes-pf-prioritylevel-uid'], await uid('slow'))
})

test('what finds no seat is refused in plain text, with the seconds to wait and the level', async () => {
  await client.create(prioritylevelconfigurations, level('none', { type: 'Reject' }) as never)
  await client.update(prioritylevelconfigurations, {
    ...(await client.get(prioritylevelconfigurations, 'none')),
    spec: {
      type: 'Limited',
      limited: { nominalConcurrencyShares: 0, borrowingLimitPercent: 0, limitResponse: { type: 'Reject' } },
    },
  } as never)
  await client.create(flowschemas, schema('bobs', 'bob', 'none') as never)
  const bob = { ...jane, name: 'bob' }
  // A level without seats lets one at a time through: the first must still be on its way.
  const both = await Promise.all([ask('/api/v1/pods', bob), ask('/api/v1/pods', bob)])
  const refused = both.find(({ status }) => status === 429)
  assert.ok(refused, both.map(({ status }) => status).join())
  assert.is(textOf(refused), 'Too many requests, please try again later.\n')
  assert.is(refused.headers['retry-after'], '1')
  assert.is(refused.headers['content-type'], 'text/plain; charset=utf-8')
  assert.is(refused.headers['x-kubernetes-pf-prioritylevel-uid'], await uid('none'))
  const labels = 'flow_schema="bobs",priority_level="none",reason="concurrency-limit"'
  assert.match(await metrics(), new RegExp(`rejected_requests_total\\{${labels}\\} \\d`))
})

test('an open watch keeps no seat, and a write knows that it is watched', async () => {
  const stop = new AbortController()
  const response = await ask('/api/v1/namespaces/default/configmaps', jane, 'watch=1', stop.signal)
  assert.is(response.status, 200)
  assert.ok(
    (await metrics()).includes(
      'apiserver_flowcontrol_current_executing_seats{flow_schema="catch-all",priority_level="catch-all"} 0\n',
    ),
  )
  const body = Buffer.from('{"metadata":{"name":"a"}}')
  const headers = { 'content-type': 'application/json' }
  const path = '/api/v1/namespaces/default/configmaps'
  await api.handle({ method: 'POST', path, query: new URLSearchParams(), headers, user: jane, body, signal: never })
  assert.ok(
    (await metrics()).includes(
      'apiserver_flowcontrol_watch_count_samples_sum{flow_schema="catch-all",priority_level="catch-all"} 1',
    ),
  )
  stop.abort()
})

test('the dumps have the columns of kube-apiserver', async () => {
  const [header, ...levels] = (await dump('dump_priority_levels')).trimEnd().split('\n')
  assert.is(
    header,
    'PriorityLevelName, ActiveQueues, IsIdle, IsQuiescing, WaitingRequests, ExecutingRequests, DispatchedRequests, RejectedRequests, TimedoutRequests, CancelledRequests',
  )
  assert.match(levels[0] ?? '', /^catch-all, {9}0, {12}true, {3}false, {7}0, /)
  const queues = (await dump('dump_queues')).trimEnd().split('\n')
  assert.match(queues[1] ?? '', /^slow, {14}0, {6}0, .* 0\.\d{8}ss$/)
  assert.match(await dump('dump_requests'), /\nexempt, +exempt, +-1, +-1, +, +\d{4}-.*Z, 1, +0, +0s, +\d{4}-.*Z\n$/)
  const details = await dump('dump_requests', 'includeRequestDetails=1')
  assert.match(details, /Z, admin, +get, +\/debug\/api_priority_and_fairness\/dump_requests, , +, +, +, +\n$/)
  assert.is((await ask('/debug/api_priority_and_fairness/other', admin)).status, 404)
})

test('columns are as wide as their widest cell, and no narrower than eight', () => {
  assert.is(
    tableText([
      ['A', 'LongerName', 'C'],
      ['abcdefghij', 1, ''],
    ]),
    'A,          LongerName, C\nabcdefghij, 1,          \n',
  )
})

test('with it off, plain limits hold, and there are neither headers nor dumps', async () => {
  const { api } = await testApi({ priorityAndFairness: false, limits: { reading: 1, writing: 1 } })
  const get = (path: string, user = jane) =>
    api.handle({ method: 'GET', path, query: new URLSearchParams(), headers: {}, user, signal: never })
  const [first, second] = await Promise.all([get('/api/v1/pods'), get('/api/v1/pods')])
  assert.is(first.status, 200)
  assert.is(first.headers['x-kubernetes-pf-flowschema-uid'], undefined)
  assert.is(second.status, 429)
  assert.is(second.headers['retry-after'], '1')
  assert.is((await get('/debug/api_priority_and_fairness/dump_queues', admin)).status, 404)
  assert.not.match(textOf(await get('/metrics', admin)), /flowcontrol/)
})

test.run()
