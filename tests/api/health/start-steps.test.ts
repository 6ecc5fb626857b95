import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { healthRoute } from '../../../src/api/health/checks.ts'
import { StartSteps } from '../../../src/api/health/start-steps.ts'
import { requestInfo } from '../../../src/api/pipeline/request-info.ts'

const ask = async (steps: StartSteps, path: string) => {
  const query = new URLSearchParams('verbose')
  const request = { method: 'GET', path, query, headers: {}, signal: new AbortController().signal }
  const only = { name: 'informer-sync', only: 'readyz', run: () => {} } as const
  const route = healthRoute([only, ...steps.checks()])
  const response = await route(request, requestInfo('GET', path, query), { name: 'a', groups: [] })
  const text = response && 'bytes' in response.body ? Buffer.from(response.body.bytes).toString() : ''
  return { status: response?.status, lines: text.split('\n') }
}

test("the start's steps are told of by the names of kube-apiserver's, and a step that is not done is not healthy", async () => {
  const steps = new StartSteps()
  steps.done('served', 'objects', 'authorities', 'groups', 'addresses')
  const before = await ask(steps, '/readyz')
  assert.is(before.status, 500)
  assert.ok(before.lines.includes('[-]poststarthook/rbac/bootstrap-roles failed: reason withheld'))
  assert.ok(before.lines.includes('[+]autoregister-completion ok'))
  steps.done('roles', 'advertised')
  assert.is((await ask(steps, '/readyz')).status, 200)
})

test('a check of readiness is no check of health', async () => {
  const steps = new StartSteps()
  assert.ok((await ask(steps, '/readyz')).lines.includes('[+]informer-sync ok'))
  assert.not((await ask(steps, '/livez')).lines.includes('[+]informer-sync ok'))
})

test.run()
