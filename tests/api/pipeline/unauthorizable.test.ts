import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Attributes, Decision } from '../../../src/api/auth/authorizer.ts'
import { admin, testApi } from '../test-api.ts'

const joe = { name: 'joe', groups: [] }

test('a request that nobody could decide about fails in plain text; one that somebody allows all the same does not', async () => {
  let decision: Decision = { allowed: false, reason: '', error: 'the webhook <w> is down' }
  const asked: Attributes[] = []
  const authorize = (attributes: Attributes): Decision => {
    if (attributes.user.name !== 'joe') return { allowed: true, reason: '' }
    asked.push(attributes)
    return decision
  }
  const { api } = await testApi({ security: () => ({ authenticate: (r) => r.user ?? admin, authorize }) })
  const get = (path: string, query = '') =>
    api.handle({
      method: 'GET',
      path,
      query: new URLSearchParams(query),
      headers: {},
      user: joe,
      signal: new AbortController().signal,
    })
  const failed = await get('/api/v1/namespaces/default/pods', 'fieldSelector=spec.nodeName%3Dn')
  assert.is(failed.status, 500)
  assert.is(failed.headers['content-type'], 'text/plain; charset=utf-8')
  assert.ok(failed.body && 'bytes' in failed.body)
  assert.is(
    Buffer.from(failed.body.bytes).toString(),
    'Internal Server Error: "/api/v1/namespaces/default/pods?fieldSelector=spec.nodeName%3Dn": the webhook &lt;w&gt; is down\n',
  )
  decision = { allowed: true, reason: '', error: 'the webhook is down' }
  assert.is((await get('/api/v1/namespaces/default/pods')).status, 200)
  await get('/api/v1/namespaces/default/pods/x', 'fieldSelector=spec.nodeName%3Dn')
  assert.equal(
    asked.map(({ resource }) => resource?.fieldSelector),
    ['spec.nodeName=n', undefined, undefined],
  )
  api.close()
})

test.run()
