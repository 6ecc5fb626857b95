import { test } from 'uvu'
import * as assert from 'uvu/assert'
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

test.run()
