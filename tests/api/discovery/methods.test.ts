import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asking } from '../abuse/asking.ts'

const { ask } = await asking()

test('built-in versions, /api, /version and the OpenID documents are read by GET alone', async () => {
  for (const path of ['/api', '/api/', '/api/v1', '/apis/apps/v1', '/apis/apiregistration.k8s.io', '/version']) {
    for (const method of ['HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const { status, text } = await ask(method, path, method === 'POST' ? '{}' : undefined)
      assert.is(status, 405, `${method} ${path}`)
      assert.match(text, /"message":"the server does not allow this method on the requested resource"/)
    }
  }
})

test('the lists of groups, a group, health, metrics and OpenAPI are read by any method', async () => {
  for (const path of [
    '/apis',
    '/apis/',
    '/apis/apps',
    '/livez',
    '/readyz/ping',
    '/metrics',
    '/metrics/slis',
    '/openapi/v3',
    '/flagz',
  ]) {
    const { text } = await ask('GET', path)
    for (const method of ['OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const other = await ask(method, path)
      assert.is(other.status, 200, `${method} ${path}`)
      if (!path.startsWith('/metrics')) assert.is(other.text, text, `${method} ${path}`)
    }
  }
})

test('aggregated discovery is at /apis, and not at /apis/', async () => {
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
  assert.is((await ask('GET', '/apis', undefined, { accept })).status, 200)
  assert.is((await ask('GET', '/apis/', undefined, { accept })).status, 406)
})

test.run()
