import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { apply, ask, ensure, remove, update } from '../../src/api/own-requests.ts'
import { configmaps, namespaces, resourcequotas } from '../../src/apimachinery/resources.generated.ts'
import { isConflict, isNotFound, type StatusError } from '../../src/apimachinery/status.ts'
import { testApi } from './test-api.ts'

const at = { namespace: 'default' }
const map = (data: Record<string, string>, more: object = {}) => ({ metadata: { name: 'm', ...at, ...more }, data })
const failureOf = (request: Promise<unknown>): Promise<StatusError> =>
  request.then(
    () => Promise.reject(new Error('was answered')),
    (error) => error,
  )

test('what is there already is left as it is, what is missing is made', async () => {
  const { api, client } = await testApi()
  await ensure(api.handle, configmaps, map({ a: '1' }))
  await ensure(api.handle, configmaps, map({ a: '2' }))
  assert.equal((await client.get(configmaps, 'm', at)).data, { a: '1' })
  api.close()
})

test('an object is made what it should be, whoever else says otherwise, under the name of kube-apiserver', async () => {
  const { api, client } = await testApi()
  await client.create(configmaps, map({ a: '1' }))
  await apply(api.handle, configmaps, map({ a: '2' }))
  const { data, metadata } = await client.get(configmaps, 'm', at)
  assert.equal(data, { a: '2' })
  assert.ok(metadata.managedFields?.some((f) => f.manager === 'kube-apiserver' && f.operation === 'Apply'))
  api.close()
})

test('a status is written at its own endpoint', async () => {
  const { api, client } = await testApi()
  const quota = await client.create(resourcequotas, { metadata: { name: 'q', ...at }, spec: { hard: { pods: '2' } } })
  const status = { hard: { pods: '2' }, used: { pods: '1' } }
  await update(api.handle, resourcequotas, { ...quota, status })
  const unchanged = await client.get(resourcequotas, 'q', at)
  assert.is(unchanged.status?.used, undefined)
  await update(api.handle, resourcequotas, { ...unchanged, status }, { subresource: 'status' })
  assert.equal((await client.get(resourcequotas, 'q', at)).status?.used, { pods: '1' })
  api.close()
})

test('what was changed meanwhile is a conflict', async () => {
  const { api, client } = await testApi()
  const { metadata } = await client.create(configmaps, map({}))
  await client.update(configmaps, map({ a: '1' }))
  const stale = map({ a: '2' }, { resourceVersion: metadata.resourceVersion })
  assert.ok(isConflict(await failureOf(update(api.handle, configmaps, stale))))
  api.close()
})

test('what is gone already need not be deleted; whatever else is refused is thrown', async () => {
  const { api } = await testApi()
  await remove(api.handle, configmaps, 'default', 'none')
  const missing = { method: 'GET', path: '/api/v1/namespaces/default/configmaps/none' }
  assert.ok(isNotFound(await failureOf(ask(api.handle, missing))))
  assert.is((await failureOf(ensure(api.handle, namespaces, { metadata: { name: 'No Name' } }))).code, 422)
  api.close()
})

test.run()
