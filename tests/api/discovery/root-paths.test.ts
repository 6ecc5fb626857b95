import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { healthRoute } from '../../../src/api/health/checks.ts'
import { StartSteps } from '../../../src/api/health/start-steps.ts'
import type { PathRoute } from '../../../src/api/pipeline/handle.ts'
import { asking } from '../abuse/asking.ts'

const { ask } = await asking()
const status = async (path: string) => (await ask('GET', path)).status

test('/ lists every path, discovery, health and documents; each of them is served', async () => {
  for (const path of ['/', '/index.html']) {
    const answer = await ask('GET', path)
    assert.is(answer.status, 200)
    const { paths } = JSON.parse(answer.text) as { paths: string[] }
    for (const known of [
      '/api',
      '/api/v1',
      '/apis',
      '/apis/',
      '/apis/apps',
      '/apis/apps/v1',
      '/livez/etcd',
      '/openapi/v3',
      '/version',
    ])
      assert.ok(paths.includes(known), known)
    assert.equal(paths, [...paths].sort())
    for (const listed of paths.filter((p) => p !== '/openapi/v3/')) assert.is(await status(listed), 200, listed)
  }
})

test('a slash at the end is another path: health and documents are not there', async () => {
  for (const path of ['/healthz/', '/livez/etcd/', '/openapi/v2/', '/openapi/v3/', '/openapi/v3/api/v1/'])
    assert.is(await status(path), 404, path)
  for (const path of ['/api/', '/apis/', '/version/']) assert.is(await status(path), 200, path)
})

test('what /openapi/v3 has not is told without a text, as from the handler below it', async () => {
  const { status, text } = await ask('GET', '/openapi/v3/apis/apps/v7')
  assert.equal([status, text], [404, ''])
})

test('a check of a part of the start has a path of its own, slashes and all', async () => {
  const steps = new StartSteps()
  const route = healthRoute(steps.checks())
  const path = '/readyz/poststarthook/rbac/bootstrap-roles'
  const info = { path, isResource: false } as Parameters<PathRoute>[1]
  const request = { method: 'GET', path, query: new URLSearchParams(), headers: {}, signal: new AbortController().signal }
  const statusNow = async () => (await route(request, info, { name: 'u', groups: [] }))?.status
  assert.is(await statusNow(), 500)
  steps.done('roles')
  assert.is(await statusNow(), 200)
})

test('what the health endpoints found is counted; what is excluded is not looked at', async () => {
  const times = async (name: string) => {
    const { text } = await ask('GET', '/metrics/slis')
    const found = new RegExp(
      `^kubernetes_healthchecks_total\\{name="${name}",status="success",type="livez"\\} (\\d+)$`,
      'm',
    ).exec(text)
    return Number(found?.[1] ?? 0)
  }
  const before = [await times('etcd'), await times('log')] as const
  assert.is(await status('/livez?exclude=log'), 200)
  assert.equal([await times('etcd'), await times('log')], [before[0] + 1, before[1]])
  assert.match((await ask('GET', '/metrics/slis')).text, /^kubernetes_healthcheck\{name="etcd",type="livez"\} 1$/m)
})

test.run()
