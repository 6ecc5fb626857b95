import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asking } from '../abuse/asking.ts'
import { sending } from '../sending.ts'

// Every text is that of kube-apiserver 1.36.3.
const send = await sending()
const configMaps = '/api/v1/namespaces/default/configmaps'
const head = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n'
const apply = (body: string, manager = 'one', query = '', name = 'a') =>
  send('PATCH', `${configMaps}/${name}?fieldManager=${manager}${query}`, body, 'apply')
const data = (values: Record<string, string>) =>
  head + Object.entries(values).reduce((t, [k, v]) => `${t}  ${k}: "${v}"\n`, 'data:\n')
assert.is((await apply(data({ a: '1', b: '2' }))).status, 201)
const strict = '&fieldValidation=Strict'

test('a conflict names who has the field, and how', async () => {
  const one = await apply(data({ a: '2' }), 'two')
  assert.is(one.status, 409)
  assert.is(one.message, 'Apply failed with 1 conflict: conflict with "one": .data.a')
  assert.equal(one.json.details.causes, [{ reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.a' }])
  assert.is(
    (await apply(data({ a: '2', b: '3' }), 'two')).message,
    'Apply failed with 2 conflicts: conflicts with "one":\n- .data.a\n- .data.b',
  )
  await send('PATCH', `${configMaps}/a?fieldManager=hand`, { data: { c: '1' } }, 'merge')
  assert.is(
    (await apply(data({ c: '2' }), 'two')).message,
    'Apply failed with 1 conflict: conflict with "hand" using v1: .data.c',
  )
})

test('a field that there is not, and a value of another type, are told of with their path', async () => {
  const prefix = 'failed to create typed patch object (/a; /v1, Kind=ConfigMap): '
  assert.is((await apply(`${head}foo: 1\n`, 'two', strict)).message, `${prefix}.foo: field not declared in schema`)
  assert.is(
    (await apply(`${head}data:\n  a: 1\n`, 'two')).message,
    `${prefix}.data.a: expected string, got &value.valueUnstructured{Value:1}`,
  )
})

test('a key that is there twice is told of after what is wrong with the merge', async () => {
  const twice = `${head}data:\n  a: "8"\n  a: "9"\n`
  assert.is((await apply(twice, 'two', strict)).message, 'Apply failed with 1 conflict: conflict with "one": .data.a')
  const free = await apply(twice.replaceAll('  a:', '  z:'), 'two', strict)
  assert.is(free.status, 400)
  assert.is(
    free.message,
    'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 7: key "z" already set in map',
  )
  assert.is((await send('GET', `${configMaps}/a`)).json.data.z, undefined, 'and nothing is applied')
  assert.is((await apply(twice.replaceAll('  a:', '  z:'), 'two', '&fieldValidation=Ignore')).json.data.z, '9')
})

test('what is no object is told of by its type', async () => {
  const to = 'into Go value of type map[string]interface {}'
  const prefix = 'error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal'
  for (const [body, type] of [
    ['abc', 'string'],
    ['[]', 'array'],
    ['3', 'number'],
    ['true', 'bool'],
  ])
    assert.is((await apply(body ?? '')).message, `${prefix} ${type} ${to}`)
  for (const body of ['', '{}', '# nothing', 'null'])
    assert.is((await apply(body)).message, 'invalid object type: /, Kind=', body)
  for (const body of ['{a: [', '{', '{a:'])
    assert.is(
      (await apply(body)).message,
      'error decoding YAML: error converting YAML to JSON: yaml: line 1: did not find expected node content',
      body,
    )
})

test('of several documents the first counts', async () => {
  const { status, json } = await apply(`${data({ first: '1' })}---\nfoo: [`, 'docs')
  assert.is(status, 200)
  assert.is(json.data.first, '1')
})

test('a uid cannot be asked for where there is no object', async () => {
  const body = head.replace('name: a', 'name: b\n  uid: abc')
  assert.is(
    (await apply(body, 'one', '', 'b')).message,
    'Operation cannot be fulfilled on configmaps "b": uid mismatch: the provided object specified uid abc, and no existing object was found',
  )
})

test('each character of a field manager that cannot be printed is told of with its place in bytes', async () => {
  const { message } = await send('POST', `${configMaps}?fieldManager=%C3%A9%01`, { metadata: { name: 'm' } })
  assert.match(message, /fieldManager: Invalid value: "é\\x01": invalid character U\+0001 \(at position 2\)$/)
})

test('an empty list that is applied is one where rules and messages look', async () => {
  const { ask } = await asking()
  const path = '/api/v1/namespaces/default/resourcequotas/q?fieldManager=m'
  const quota = (scopes: string[]) =>
    JSON.stringify({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec: { scopes } })
  const applied = (scopes: string[]) => ask('PATCH', path, quota(scopes), { 'content-type': 'application/apply-patch+yaml' })
  assert.is((await applied(['BestEffort'])).status, 201)
  const { message } = JSON.parse((await applied([])).text) as { message: string }
  assert.is(message, 'ResourceQuota "q" is invalid: spec.scopes: Invalid value: []: field is immutable')
})

test('an object whose list has an item without its key cannot be applied when nobody owns it yet', async () => {
  const accounts = '/api/v1/namespaces/default/serviceaccounts'
  await send('POST', accounts, { metadata: { name: 's' }, secrets: [{ namespace: 'a' }] })
  const body = 'apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: s\n'
  const { status, message } = await send('PATCH', `${accounts}/s?fieldManager=one`, body, 'apply')
  const what =
    'failed to create manager for existing fields: failed to convert new object (default/s; /v1, Kind=ServiceAccount) to smd typed'
  const why =
    'associative list with keys has an element that omits all key fields ["name"] (and doesn\'t have default values for any key fields)'
  assert.equal([status, message], [500, `${what}: .secrets: element 0: ${why}`])
})

test.run()
