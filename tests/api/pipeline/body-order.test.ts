import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asking } from '../abuse/asking.ts'

// Every text is that of kube-apiserver 1.36.3.
const { ask } = await asking()
const path = '/api/v1/namespaces/default/configmaps'
const head = 'ConfigMap in version'
const as = (type: string) => ({ 'content-type': `application/${type}` })
const messageOf = async (method: string, target: string, body: string, type = 'json') =>
  JSON.parse((await ask(method, target, body, as(type))).text).message

test('another kind or version is told of before mistakes in the rest', async () => {
  const of = (meta: string) => messageOf('POST', path, `{${meta},"metadata":{"name":"a"},"data":{"a":1}}`)
  const scheme = 'in scheme "pkg/runtime/scheme.go:111"'
  assert.is(
    await of('"apiVersion":"v2","kind":"ConfigMap"'),
    `${head} "v2" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v2" ${scheme}`,
  )
  assert.is(
    await of('"apiVersion":"v1","kind":"Pod"'),
    'Pod in version "v1" cannot be handled as a ConfigMap: converting (v1.Pod) to (core.ConfigMap): unknown conversion',
  )
  assert.match(
    await of('"apiVersion":"x/y/z","kind":"ConfigMap"'),
    /^the object provided is unrecognized \(must be of type ConfigMap\): unexpected GroupVersion string: x\/y\/z \(/,
  )
  assert.is(
    await of('"apiVersion":"/","kind":"ConfigMap"'),
    `${head} "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string`,
  )
})

test('mistakes of YAML come in alphabetical order, those of JSON as they stand', async () => {
  const body = '{"metadata":{"name":"a","z":1},"b":1,"data":{}}'
  const told = (list: string) => `${head} "v1" cannot be handled as a ConfigMap: strict decoding error: ${list}`
  const strict = `${path}?fieldValidation=Strict`
  assert.is(await messageOf('POST', strict, body), told('unknown field "metadata.z", unknown field "b"'))
  assert.is(await messageOf('POST', strict, body, 'yaml'), told('unknown field "b", unknown field "metadata.z"'))
})

test('mistakes of a merge patch come in alphabetical order', async () => {
  await ask('POST', path, '{"metadata":{"name":"m"}}', as('json'))
  const patch = '{"z":1,"metadata":{"y":1},"a":1}'
  const message = await messageOf('PATCH', `${path}/m?fieldValidation=Strict`, patch, 'merge-patch+json')
  assert.match(message, /strict decoding error: unknown field "a", unknown field "metadata.y", unknown field "z"$/)
})

test('the namespace of an object is looked at before its name', async () => {
  const why = 'the namespace of the provided object does not match the namespace sent on the request'
  const body = '{"metadata":{"name":"other","namespace":"elsewhere"}}'
  assert.is(await messageOf('PUT', `${path}/m`, body), why)
  assert.is(await messageOf('PATCH', `${path}/m`, body, 'merge-patch+json'), why)
  const applied = `{"apiVersion":"v1","kind":"ConfigMap",${body.slice(1)}`
  assert.is(await messageOf('PATCH', `${path}/m?fieldManager=f`, applied, 'apply-patch+yaml'), why)
})

test('what can only be created has no paths of single ones', async () => {
  const target = '/apis/authentication.k8s.io/v1/tokenreviews/x'
  for (const method of ['GET', 'PUT', 'DELETE']) assert.is((await ask(method, target, '{}', as('json'))).status, 404)
})

test('below an object that is not there no configuration is read', async () => {
  const target = '/apis/apps/v1/namespaces/default/deployments/none/status?fieldManager=f'
  assert.is((await ask('PATCH', target, '{', as('apply-patch+yaml'))).status, 404)
})

test('a key that is a map is told of without braces', async () => {
  const containers = [{ name: { a: [1] }, image: 'i' }]
  const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers } }
  const target = '/api/v1/namespaces/default/pods/p?fieldManager=f'
  const message = await messageOf('PATCH', target, JSON.stringify(body), 'apply-patch+yaml')
  assert.match(message, /: \.spec\.containers\[name=a=\[1\]\]\.name: expected string, got /)
})

test('a job that waits for its name has labels of its own, another one those that its selector adds', async () => {
  const jobs = '/apis/batch/v1/namespaces/default/jobs'
  const template = { metadata: { labels: { a: 'b' } }, spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } }
  const labelsOf = async (metadata: object) => {
    const { text } = await ask('POST', jobs, JSON.stringify({ metadata, spec: { template } }), as('json'))
    return Object.keys(JSON.parse(text).metadata.labels)
  }
  assert.equal(await labelsOf({ generateName: 'j-' }), ['a'])
  assert.ok((await labelsOf({ name: 'j' })).includes('job-name'))
})

test('a namespace that is kept by a finalizer has no grace period', async () => {
  const metadata = { name: 'kept', finalizers: ['x.io/a'] }
  await ask('POST', '/api/v1/namespaces', JSON.stringify({ metadata }), as('json'))
  await ask('PUT', '/api/v1/namespaces/kept/finalize', JSON.stringify({ metadata, spec: {} }), as('json'))
  const { text } = await ask('DELETE', '/api/v1/namespaces/kept')
  assert.ok(JSON.parse(text).metadata.deletionTimestamp)
  assert.is(JSON.parse(text).metadata.deletionGracePeriodSeconds, undefined)
})

test.run()
