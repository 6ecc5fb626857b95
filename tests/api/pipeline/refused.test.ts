import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { StatusError } from '../../../src/apimachinery/status.ts'
import { admin, testApi } from '../test-api.ts'

test('what a client may not ask is answered so that nobody takes the answer for another type', async () => {
  const security = () => ({
    authenticate: (request: { user?: typeof admin }) => request.user ?? admin,
    authorize: ({ user }: { user: typeof admin }) => ({ allowed: user.name === admin.name, reason: '' }),
  })
  const { api } = await testApi({ security })
  const signal = new AbortController().signal
  const answer = async (name: string) =>
    api.handle({
      method: 'GET',
      path: '/api/v1/pods/x',
      query: new URLSearchParams(),
      headers: {},
      user: { name, groups: [] },
      signal,
    })
  const { status, headers } = await answer('jane')
  assert.is(status, 403)
  assert.is(headers['x-content-type-options'], 'nosniff')
  assert.is((await answer(admin.name)).headers['x-content-type-options'], undefined)
})

test('HEAD is refused for built-in kinds, which no route has it for, and a body that cannot be read where it would be', async () => {
  const { api } = await testApi({})
  const signal = new AbortController().signal
  const unreadable = new StatusError(413, 'RequestEntityTooLarge', 'Request entity too large: limit is 3145728')
  const statusOf = async (method: string, path: string, more: object = {}) =>
    (await api.handle({ method, path, query: new URLSearchParams(), headers: {}, user: admin, signal, ...more })).status
  assert.is(await statusOf('HEAD', '/api/v1/namespaces'), 405)
  assert.is(await statusOf('HEAD', '/api/v1/namespaces/default/status'), 405)
  assert.is(await statusOf('HEAD', '/api/v1/namespaces/default/nope'), 404)
  assert.is(await statusOf('HEAD', '/healthz'), 200)
  assert.is(await statusOf('POST', '/api/v1/namespaces', { unreadable }), 413)
  assert.is(await statusOf('GET', '//api/v1'), 404)
  for (const path of ['/api//v1', '/api/v1//namespaces', '/apis//apps/v1', '/api/v1/namespaces/default//configmaps/a'])
    assert.is(await statusOf('GET', path), 404, path)
  assert.is(await statusOf('GET', '/api/v1/namespaces//configmaps'), 200)
})

test('a path is split after it is unescaped, and an escape of half a letter is one letter all the same', async () => {
  const { api } = await testApi({})
  const signal = new AbortController().signal
  const messageOf = async (name: string) => {
    const path = `/api/v1/namespaces/default/configmaps/${name}`
    const { body } = await api.handle({ method: 'GET', path, query: new URLSearchParams(), headers: {}, user: admin, signal })
    return 'bytes' in body ? (JSON.parse(Buffer.from(body.bytes).toString()) as { message: string }).message : ''
  }
  assert.is(await messageOf('a%2Fb'), 'the server could not find the requested resource')
  assert.is(await messageOf('a%ffb'), 'configmaps "a\ufffdb" not found')
})

test('all namespaces at once are listed and watched alone: nobody deletes in all of them, or makes something in none', async () => {
  const { api } = await testApi({})
  const signal = new AbortController().signal
  const statusOf = async (method: string, path: string) =>
    (await api.handle({ method, path, query: new URLSearchParams('dryRun=All'), headers: {}, user: admin, signal })).status
  assert.is(await statusOf('GET', '/api/v1/configmaps'), 200)
  assert.is(await statusOf('DELETE', '/api/v1/configmaps'), 405)
  assert.is(await statusOf('POST', '/api/v1/configmaps'), 405)
  assert.is(await statusOf('POST', '/api/v1/bindings'), 404)
  assert.is(await statusOf('DELETE', '/api/v1/namespaces/default/configmaps'), 200)
})

test('what connects to a pod cannot be tried', async () => {
  const { api } = await testApi({})
  const signal = new AbortController().signal
  const path = '/api/v1/namespaces/default/pods/none/proxy/'
  const request = { method: 'GET', path, headers: {}, user: admin, signal }
  assert.is((await api.handle({ ...request, query: new URLSearchParams('dryRun=All') })).status, 400)
  assert.is((await api.handle({ ...request, query: new URLSearchParams() })).status, 404)
})

test.run()
