import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sending } from '../sending.ts'

// Every answer is that of kube-apiserver 1.36.3.
const send = await sending()
const apply = (kind: string, resource: string, name: string, manager: string, fields: object) =>
  send(
    'PATCH',
    `/api/v1/namespaces/default/${resource}/${name}?fieldManager=${manager}`,
    { apiVersion: 'v1', kind, metadata: { name }, ...fields },
    'apply',
  )
await send('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } })
const pod = (name: string, imagePullSecrets: object[], manager = 'one') =>
  apply('Pod', 'pods', name, manager, { spec: { containers: [{ name: 'c', image: 'i' }], imagePullSecrets } })

test('the pull secrets of a pod are a list by name: its key, which twice is one too many', async () => {
  const { status, json } = await pod('a', [{ name: 'x' }])
  assert.is(status, 201)
  assert.equal(json.metadata.managedFields[0].fieldsV1['f:spec']['f:imagePullSecrets'], {
    'k:{"name":"x"}': {},
  })
  const twice = await pod('b', [{ name: 'x' }, { name: 'x' }])
  assert.is(twice.status, 500)
  assert.is(
    twice.message,
    'failed to create typed patch object (/b; /v1, Kind=Pod): .spec.imagePullSecrets: duplicate entries for key [name="x"]',
  )
})

test('a reference without a name has the empty one for a key', async () => {
  const { status, json } = await pod('c', [{}])
  assert.is(status, 201)
  assert.equal(Object.keys(json.metadata.managedFields[0].fieldsV1['f:spec']['f:imagePullSecrets']), ['k:{"name":""}'])
})

test('the pull secrets of a service account are one value, that one manager has as a whole', async () => {
  const account = (manager: string, imagePullSecrets: unknown[]) =>
    apply('ServiceAccount', 'serviceaccounts', 's', manager, { imagePullSecrets })
  const { json } = await account('one', [{ name: 'a' }, { name: 'a' }])
  assert.equal(json.imagePullSecrets, [{ name: 'a' }, { name: 'a' }])
  const other = await account('two', [{ name: 'b' }])
  assert.is(other.status, 409)
  assert.is(other.message, 'Apply failed with 1 conflict: conflict with "one": .imagePullSecrets')
  assert.is(
    (await account('two', ['x'])).message,
    'failed to create typed patch object (/s; /v1, Kind=ServiceAccount): .imagePullSecrets[0]: expected map, got &{x}',
  )
  assert.is((await account('one', [])).json.imagePullSecrets, undefined)
})

test.run()
