import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readYaml } from '../../../src/api/pipeline/read-yaml.ts'
import { asking } from '../abuse/asking.ts'

// Every text is that of kube-apiserver 1.36.3.
const messages: readonly (readonly [text: string, message: string])[] = [
  ['{', 'yaml: line 1: did not find expected node content'],
  ['{a', "yaml: line 1: did not find expected ',' or '}'"],
  ['}', 'yaml: did not find expected node content'],
  ['"', 'yaml: found unexpected end of stream'],
  ['a: b: c', 'yaml: mapping values are not allowed in this context'],
  ['a: *b', "yaml: unknown anchor 'b' referenced"],
  ['data:\n  ~: x', 'unsupported map key of type: %!s(<nil>), key: <nil>, value: "x"'],
  ['[a]: b', 'yaml: invalid map key: []interface {}{"a"}'],
  ['{a: b}: c', 'yaml: invalid map key: map[interface {}]interface {}{"a":"b"}'],
  ['a:\n\tb: c', 'yaml: line 2: found character that cannot start any token'],
  ['a: - b', 'yaml: block sequence entries are not allowed in this context'],
  ['a: @b', 'yaml: found character that cannot start any token'],
  ['a: &', 'yaml: did not find expected alphabetic or numeric character'],
  ['a: &a [*a]', "yaml: anchor 'a' value contains itself"],
  ['<<: b', 'yaml: map merge requires map or sequence of maps as the value'],
  ['a: !!binary "%%"', 'yaml: !!binary value contains invalid base64 data'],
  ['a: .inf', 'json: unsupported value: +Inf'],
  ['a: \u0001', 'yaml: control characters are not allowed'],
  ['...', 'yaml: did not find expected node content'],
]
for (const [text, message] of messages) {
  test(`YAML that cannot be read is told of in Go's words: ${text}`, () => {
    assert.throws(
      () => readYaml(text),
      (e: Error) => e.message === message,
    )
  })
}

test('what is in brackets may stand and end as far left as its key', () => {
  const text = 'spec:\n  a: [\n  1,\n  2\n  ]\n  b: {\n  c: "d\n  e"\n  }\n'
  assert.equal(readYaml(text), { spec: { a: [1, 2], b: { c: 'd e' } } })
})

test('a number that no double can hold is a text, and integers keep their digits', () => {
  assert.equal(readYaml('[1e400, -1e400, 9223372036854775807, 18446744073709551615, 1.0, 0x10, 0777]'), [
    '1e400',
    '-1e400',
    9223372036854775807n,
    2 ** 64,
    1,
    16,
    511,
  ])
  assert.equal(readYaml('9007199254740993: a'), { '9007199254740993': 'a' })
})

test('only the first document counts', () => {
  assert.equal(readYaml('a: b\n---\nc: d'), { a: 'b' })
})

const { ask } = await asking()
const path = '/api/v1/namespaces/default/configmaps'
const send = async (method: string, target: string, body: string, type = 'json') =>
  JSON.parse((await ask(method, target, body, { 'content-type': `application/${type}` })).text)

test('YAML that is no object has no kind', async () => {
  const into =
    'Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
  for (const [body, kind, bytes] of [
    ['x', 'string', '78'],
    ['3', 'number', '33'],
    ['- a', 'array', '2d2061'],
  ]) {
    const why = `couldn't get version/kind; json parse error: json: cannot unmarshal ${kind} into ${into}`
    const { message } = await send('POST', path, body as string, 'yaml')
    assert.is(message, `the object provided is unrecognized (must be of type ConfigMap): ${why} (${bytes})`)
  }
})

test('a deletion of a collection reads what is selected before its body', async () => {
  const message = async (query: string) => (await send('DELETE', `${path}?${query}`, '{')).message
  assert.is(await message('limit=x'), 'strconv.ParseInt: parsing "x": invalid syntax')
  assert.is(await message('fieldSelector=a%3Db'), '"a" is not a known field selector: only "metadata.name", "metadata.namespace"')
  assert.match(await message(''), /unexpected end of JSON input$/)
})

test('what the name of an APIService is made of follows the rule of its name', async () => {
  const services = '/apis/apiregistration.k8s.io/v1/apiservices'
  const spec = {
    group: 'x.io',
    version: 'v1',
    groupPriorityMinimum: 1,
    versionPriority: 1,
    service: { name: 's', namespace: 'n' },
  }
  const metadata = { name: 'v1.x.io' }
  await send('POST', services, JSON.stringify({ metadata, spec }))
  const { message } = await send('PATCH', `${services}/v1.x.io`, '{"metadata":{"generateName":"a"}}', 'merge-patch+json')
  const why = 'must be `spec.version+"."+spec.group`: "v1.x.io"'
  assert.is(message, `APIService.apiregistration.k8s.io "v1.x.io" is invalid: metadata.generateName: Invalid value: "a": ${why}`)
})

test.run()
