import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../../eventually.ts'
import { admin, testApi } from '../test-api.ts'

// Custom objects are maps in Go, which it writes in alphabetical order; of built-in kinds only maps (labels, data) are.

const { api } = await testApi()
const objects = '/apis/order.example.com/v1/namespaces/default/os'

interface Asked {
  readonly body?: object
  readonly accept?: string
  readonly type?: string
  readonly query?: string
}

async function send(method: string, path: string, { body, accept, type, query = '' }: Asked = {}): Promise<string> {
  const response = await api.handle({
    method,
    path,
    query: new URLSearchParams(query),
    headers: { accept: accept ?? 'application/json', 'content-type': type ?? 'application/json', 'user-agent': 'test' },
    user: admin,
    signal: new AbortController().signal,
    ...(body ? { body: Buffer.from(JSON.stringify(body)) } : {}),
  })
  if ('bytes' in response.body) return Buffer.from(response.body.bytes).toString()
  if ('chunks' in response.body) return Buffer.concat(response.body.chunks).toString()
  return JSON.stringify(response.body)
}

test.before(async () => {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  const version = { name: 'v1', served: true, storage: true, schema, subresources: { status: {} } }
  const names = { plural: 'os', singular: 'o', kind: 'O', listKind: 'OList' }
  await send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    body: {
      metadata: { name: 'os.order.example.com' },
      spec: { group: 'order.example.com', scope: 'Namespaced', names, versions: [version] },
    },
  })
  await eventually(async () => (await send('GET', objects)).includes('OList'))
})

/** The names of all members, in the order of the text. */
const keysOf = (value: unknown): string =>
  Array.isArray(value)
    ? `[${value.map(keysOf)}]`
    : typeof value === 'object' && value !== null
      ? `{${Object.entries(value).map(([k, v]) => k + keysOf(v))}}`
      : ''
const keys = (text: string): string => keysOf(JSON.parse(text))

const object = (name: string) => ({
  kind: 'O',
  apiVersion: 'order.example.com/v1',
  spec: { z: 1, b: { d: 1, c: 2 } },
  metadata: { name, annotations: { resourceVersion: '5', a: 'b' } },
  data: { resourceVersion: '9' },
})
const managed =
  '[{apiVersion,fieldsType,fieldsV1{f:data{.{},f:resourceVersion{}},f:metadata{f:annotations{.{},f:a{},f:resourceVersion{}}},f:spec{.{},f:b{.{},f:c{},f:d{}},f:z{}}},manager,operation,time}]'
const written = (rv = ',resourceVersion') =>
  `{apiVersion,data{resourceVersion},kind,metadata{annotations{a,resourceVersion},creationTimestamp,generation,managedFields${managed},name,namespace${rv},uid},spec{b{c,d},z}}`

test('a custom object is written in alphabetical order by create, dry run, get, list, patch and delete', async () => {
  assert.is(keys(await send('POST', objects, { body: object('dry'), query: 'dryRun=All' })), written(''))
  const made = await send('POST', objects, { body: object('a') })
  assert.is(keys(made), written())
  assert.is(await send('GET', `${objects}/a`), made)
  assert.match(
    await send('GET', objects),
    /^\{"apiVersion":"order.example.com\/v1","items":\[\{"apiVersion.*\],"kind":"OList","metadata":\{"continue":"","resourceVersion":"\d+"\}\}\n$/,
  )
  const patched = await send('PATCH', `${objects}/a`, { body: { aaa: { y: 1, x: 2 } }, type: 'application/merge-patch+json' })
  assert.match(patched, /^\{"aaa":\{"x":2,"y":1\},"apiVersion":/)
  const { metadata, data } = JSON.parse(patched)
  assert.is(data.resourceVersion, '9')
  assert.is(metadata.annotations.resourceVersion, '5')
  assert.is(Number(metadata.resourceVersion), Number(JSON.parse(made).metadata.resourceVersion) + 1)
  await send('DELETE', `${objects}/a`)
  assert.match(await send('GET', `${objects}/a`), /not found/)
})

test('Tables show a custom object as it is written, and its metadata alone in the order of the struct', async () => {
  await send('POST', objects, { body: object('t') })
  const table = (include: string) =>
    send('GET', `${objects}/t`, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io', query: `includeObject=${include}` })
  assert.is(keysOf(JSON.parse(await table('Object')).rows[0].object), written())
  const { metadata } = JSON.parse(await table('Metadata')).rows[0].object
  assert.is(
    Object.keys(metadata).join(),
    'name,namespace,uid,resourceVersion,generation,creationTimestamp,annotations,managedFields',
  )
})

test('the maps of a built-in object are written in alphabetical order, its metadata in that of the struct', async () => {
  const body = {
    metadata: { name: 'm', labels: { z: '1', 10: 'x', 9: 'y', a: '2' } },
    data: { z: '1', 10: 'x', 9: 'y', '-a': '0' },
  }
  const made = await send('POST', '/api/v1/namespaces/default/configmaps', { body })
  assert.match(made, /"labels":\{"10":"x","9":"y","a":"2","z":"1"\}/)
  assert.match(made, /"data":\{"-a":"0","10":"x","9":"y","z":"1"\}\}\n$/)
  const partial = await send('GET', '/api/v1/namespaces/default/configmaps/m', {
    accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  })
  const { metadata } = JSON.parse(partial)
  assert.is(Object.keys(metadata).join(), 'name,namespace,uid,resourceVersion,creationTimestamp,labels,managedFields')
})

test.run()
