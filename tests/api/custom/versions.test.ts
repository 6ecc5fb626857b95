import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { KubeObject } from '../../../src/apimachinery/object.ts'
import { customresourcedefinitions } from '../../../src/apimachinery/resources.generated.ts'
import type { StatusError } from '../../../src/apimachinery/status.ts'
import { installDefinition } from '../../../src/operators/install-definition.ts'
import { testApi } from '../test-api.ts'

const test = suite('versions and subresources of a custom kind')
const { api, client } = await testApi()
const schema = (properties: object) => ({
  openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } },
})
const scale = { specReplicasPath: '.spec.n', statusReplicasPath: '.status.n' }
const subresources = { scale }
const v1 = { name: 'v1', served: true, storage: true, schema: schema({ n: { type: 'integer' } }), subresources }
const more = { type: 'integer', default: 5 }
const v2 = {
  name: 'v2',
  served: true,
  storage: false,
  schema: schema({ n: { type: 'integer', minimum: 1 }, more }),
  subresources,
}
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: customresourcedefinitions.kind,
  metadata: { name: 'ws.e.com' },
  spec: { group: 'e.com', scope: 'Namespaced', names: { plural: 'ws', kind: 'W' }, versions: [v1, v2] },
}
const resource = (version: string) => ({ group: 'e.com', version, resource: 'ws', kind: 'W', namespaced: true })
const at = { namespace: 'default' }
const object = (version: string, name: string, spec: object) =>
  ({ apiVersion: `e.com/${version}`, kind: 'W', metadata: { name }, spec }) as unknown as KubeObject
const specOf = (o: KubeObject) => (o as KubeObject & { spec?: object }).spec
const refusal = (asked: Promise<unknown>) =>
  asked.then(
    () => '',
    (e: StatusError) => e.message,
  )

test.before(() => installDefinition(client, definition as never, AbortSignal.timeout(10_000), 'test'))
test.after(() => api.close())

test('another version than the stored one shows its fields, but none of its defaults', async () => {
  await client.create(resource('v1'), object('v1', 'a', { n: 3 }), at)
  assert.equal(specOf(await client.get(resource('v2'), 'a', at)), { n: 3 })
})

test('what only another version knows is not stored', async () => {
  assert.equal(specOf(await client.create(resource('v2'), object('v2', 'b', { n: 1, more: 7 }), at)), { n: 1 })
})

test('an object is judged by the schema of the version that it is written in', async () => {
  assert.match(await refusal(client.create(resource('v2'), object('v2', 'c', { n: 0 }), at)), /spec\.n: Invalid value: 0/)
  assert.equal(specOf(await client.create(resource('v1'), object('v1', 'c', { n: 0 }), at)), { n: 0 })
})

test('the scale of an object that has no replicas cannot be read, and is set by the first number', async () => {
  await client.create(resource('v1'), object('v1', 'd', {}), at)
  const scaled = { ...at, subresource: 'scale' }
  const missing = await refusal(client.get(resource('v1'), 'd', scaled))
  assert.is(missing, 'Internal error occurred: the spec replicas field ".spec.n" does not exist')
  await client.patch(resource('v1'), 'd', { type: 'merge', body: { spec: { replicas: 2 } } }, scaled)
  assert.equal(specOf(await client.get(resource('v1'), 'd', at)), { n: 2 })
})

test('who scales an object owns its replicas, where the definition says that they are', async () => {
  await client.create(resource('v1'), object('v1', 'e', { n: 1 }), at)
  const scale = { type: 'merge', body: { spec: { replicas: 2 } } } as const
  await client.patch(resource('v1'), 'e', scale, { ...at, subresource: 'scale', fieldManager: 'scaler' })
  const { managedFields } = (await client.get(resource('v1'), 'e', at)).metadata
  assert.equal(managedFields?.find((m) => m.manager === 'scaler')?.fieldsV1, { 'f:spec': { 'f:n': {} } })
})

test.run()
