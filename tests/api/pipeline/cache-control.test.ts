import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { admin, testApi } from '../test-api.ts'

test('every answer says that it is not to be kept, errors too', async () => {
  const { api } = await testApi()
  const signal = new AbortController().signal
  for (const path of ['/api/v1/pods', '/api/v1/nothing', '/healthz', '/nothing']) {
    const { headers } = await api.handle({ method: 'GET', path, query: new URLSearchParams(), headers: {}, user: admin, signal })
    assert.is(headers['cache-control'], 'no-cache, private', path)
  }
})

test.run()
