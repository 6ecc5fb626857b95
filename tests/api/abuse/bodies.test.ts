import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asking } from './asking.ts'
import { longestTurn, mostTurnMs } from './turns.ts'

const { ask } = await asking()
const configMaps = '/api/v1/namespaces/default/configmaps'
const pods = '/api/v1/namespaces/default/pods'
const json = { 'content-type': 'application/json' }
const yaml = { 'content-type': 'application/yaml' }
const protobuf = { 'content-type': 'application/vnd.kubernetes.protobuf' }
const most = 3 * 1024 * 1024 - 300

const configMap = (name: string, rest: string) =>
  `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name}"}${rest === '' ? '' : `,${rest}`}}`
const pod = (container: string) =>
  `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"b",${container}}]}}`
const times = (n: number, text: (i: number) => string) => Array.from({ length: n }, (_, i) => text(i)).join('')
const members = (n: number, text: (i: number) => string) => Array.from({ length: n }, (_, i) => text(i)).join(',')

interface Hostile {
  readonly name: string
  readonly body: string | Uint8Array
  readonly status: readonly number[]
  readonly target?: string
  readonly method?: string
  readonly headers?: Record<string, string>
}

/** Protobuf in Kubernetes' envelope. */
function envelope(raw: Uint8Array): Buffer {
  const length = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...length(n >>> 7)])
  const meta = Buffer.concat([Buffer.from([0x0a, 2]), Buffer.from('v1'), Buffer.from([0x12, 9]), Buffer.from('ConfigMap')])
  const head = Buffer.concat([Buffer.from('k8s\0'), Buffer.from([0x0a, ...length(meta.length)]), meta])
  return Buffer.concat([head, Buffer.from([0x12, ...length(raw.length)]), raw])
}

const patchOf = (kind: string) => ({ 'content-type': `application/${kind}` })
const jsonPatch = patchOf('json-patch+json')
const one = `${configMaps}/one`

const hostile: readonly Hostile[] = [
  { name: 'one text of 3 MB', body: configMap('a1', `"data":{"a":"${'x'.repeat(most)}"}`), status: [422] },
  { name: 'three million opening brackets', body: '['.repeat(most), status: [400] },
  { name: 'six hundred thousand nested objects', body: '{"a":'.repeat(most / 5), status: [400] },
  {
    name: 'a field nested a hundred thousand times',
    body: configMap('a2', `"zz":${'['.repeat(100_000)}1${']'.repeat(100_000)}`),
    status: [400],
  },
  { name: 'a million empty objects', body: `[${'{},'.repeat(most / 3)}{}]`, status: [413] },
  { name: 'three hundred thousand times one key', body: configMap('a3', `${'"a":1,'.repeat(300_000)}"b":1`), status: [413] },
  {
    name: 'two hundred thousand unknown fields',
    body: configMap(
      'a4',
      members(200_000, (i) => `"u${i}":1`),
    ),
    status: [413],
  },
  { name: 'a number of three million digits', body: configMap('a5', `"immutable":${'9'.repeat(most)}`), status: [400] },
  {
    name: 'a quantity of a million digits',
    body: pod(`"resources":{"requests":{"cpu":"${'9'.repeat(1_000_000)}"}}`),
    target: pods,
    status: [400],
  },
  {
    name: 'a quantity with a large exponent',
    body: pod('"resources":{"requests":{"cpu":"1e999999999"}}'),
    target: pods,
    status: [400],
  },
  {
    name: 'YAML: a billion laughs',
    body: `a: &a [x,x,x,x,x,x,x,x,x]\n${times(9, (i) => `${'bcdefghij'[i]}: &${'bcdefghij'[i]} [${members(9, () => `*${'abcdefghi'[i]}`)}]\n`)}`,
    headers: yaml,
    status: [400],
  },
  {
    name: 'YAML: sixty thousand keys',
    body: `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a7}\ndata:\n${times(60_000, (i) => `  k${i}: v\n`)}`,
    headers: yaml,
    status: [413],
  },
  { name: 'YAML: five thousand pairs in a few kilobytes', body: `[${'a:,'.repeat(5000)}]`, headers: yaml, status: [400, 413] },
  { name: 'YAML: a hundred thousand tags', body: `${'!!a '.repeat(100_000)}x`, headers: yaml, status: [400, 413] },
  { name: 'YAML: half a million braces', body: '{'.repeat(500_000), headers: yaml, status: [400, 413] },
  { name: 'YAML: half a million keys on a line', body: 'a: '.repeat(500_000), headers: yaml, status: [400, 413] },
  { name: 'YAML: a hundred thousand nested dashes', body: '- '.repeat(100_000), headers: yaml, status: [400, 413] },
  {
    name: 'YAML: nested as far as is read at once',
    body: times(170, (i) => `${' '.repeat(i)}a:\n`),
    headers: yaml,
    status: [400, 422],
  },
  {
    name: 'protobuf: a length of four gigabytes',
    body: envelope(Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f])),
    headers: protobuf,
    status: [400],
  },
  { name: 'protobuf: an endless number', body: envelope(Buffer.alloc(11, 0xff)), headers: protobuf, status: [400] },
  {
    name: 'protobuf: a million empty members',
    body: envelope(Buffer.alloc(2_000_000, Buffer.from([0x12, 0]))),
    headers: protobuf,
    status: [422, 413],
  },
  {
    name: 'protobuf: a pod of a million empty containers',
    body: envelope(Buffer.from([0x12, 0x80, 0x89, 0x7a, ...Buffer.alloc(2_000_000, Buffer.from([0x12, 0]))])),
    target: pods,
    headers: protobuf,
    status: [413],
  },
  { name: 'protobuf: a million groups', body: envelope(Buffer.alloc(1_000_000, 0x0b)), headers: protobuf, status: [400] },
  {
    name: 'JSON patch: more than ten thousand operations',
    method: 'PATCH',
    target: one,
    headers: jsonPatch,
    body: `[${members(10_001, () => '{"op":"add","path":"/data/a","value":"x"}')}]`,
    status: [413],
  },
  {
    name: 'JSON patch: copies that double',
    method: 'PATCH',
    target: one,
    headers: jsonPatch,
    body: `[{"op":"add","path":"/x","value":[1,2,3,4]},${members(9000, () => '{"op":"copy","from":"/x","path":"/x/0"}')}]`,
    status: [422],
  },
  {
    name: 'JSON patch: a path of a million parts',
    method: 'PATCH',
    target: one,
    headers: jsonPatch,
    body: `[{"op":"add","path":"${'/a'.repeat(1_000_000)}","value":1}]`,
    status: [422],
  },
  {
    name: 'JSON patch: an index of four billion',
    method: 'PATCH',
    target: one,
    headers: jsonPatch,
    body: '[{"op":"add","path":"/x","value":[]},{"op":"add","path":"/x/4294967294","value":1}]',
    status: [422],
  },
  {
    name: 'merge patch: nested a hundred thousand times',
    method: 'PATCH',
    target: one,
    headers: patchOf('merge-patch+json'),
    body: `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
    status: [400],
  },
  {
    name: 'strategic merge patch: nested nine thousand times',
    method: 'PATCH',
    target: one,
    headers: patchOf('strategic-merge-patch+json'),
    body: `${'{"a":'.repeat(9000)}1${'}'.repeat(9000)}`,
    status: [400],
  },
  {
    name: 'apply: a hundred thousand brackets',
    method: 'PATCH',
    target: `${one}?fieldManager=m`,
    headers: patchOf('apply-patch+yaml'),
    body: '['.repeat(100_000),
    status: [400, 413],
  },
]

test.before(async () => {
  assert.is((await ask('POST', configMaps, configMap('one', '"data":{"a":"b"}'), json)).status, 201)
  assert.is((await ask('POST', configMaps, configMap('keys', manyKeys), json)).status, 201)
  // Compiled once, as in a server that has run for a while.
  for (const { body, target = configMaps, method = 'POST', headers = json } of hostile.filter((h) => h.headers !== yaml)) {
    await ask(method, target, typeof body === 'string' ? body.slice(0, 200_000) : body.subarray(0, 200_000), headers)
  }
})

for (const { name, body, target = configMaps, method = 'POST', headers = json, status } of hostile) {
  test(`${name}: a clear answer, and nobody waits 50 ms for it`, async () => {
    const bytes = Buffer.from(body)
    let answer = { status: 0, text: '' }
    const turn = await longestTurn(async () => {
      answer = await ask(method, target, bytes, headers)
    })
    assert.ok(status.includes(answer.status), `${answer.status} ${answer.text.slice(0, 300)}`)
    if (answer.status >= 400) assert.is(JSON.parse(answer.text).kind, 'Status')
    assert.ok(turn < mostTurnMs, `a turn took ${turn} ms`)
  })
}

const manyKeys = `"data":{${members(49_000, (i) => `"k${i}":"v"`)}}`
const manyFinalizers = members(90_000, (i) => `"a/k${i}"`)
const podOf = (spec: string) =>
  `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"b"}],${spec}}}`

/** Nearly as many names and values as a body may have: each is decoded, defaulted, owned, validated and written in turns. */
const full: readonly Hostile[] = [
  {
    name: 'containers',
    target: `${pods}?dryRun=All`,
    body: `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[${members(5000, (i) => `{"name":"a${i}","image":"b","ports":[{"containerPort":80}]}`)}]}}`,
    status: [201],
  },
  { name: 'keys', target: `${configMaps}?dryRun=All`, body: configMap('many', manyKeys), status: [201] },
  {
    name: 'finalizers',
    target: `${configMaps}?dryRun=All`,
    body: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"many","finalizers":[${members(90_000, (i) => `"k${i}"`)}]}}`,
    status: [422],
  },
  {
    name: 'unknown fields',
    target: `${configMaps}?dryRun=All`,
    body: configMap(
      'unknown',
      members(40_000, (i) => `"u${i}":1`),
    ),
    status: [201],
  },
  {
    name: 'values of a wrong type',
    body: configMap('wrong', `"data":{${members(40_000, (i) => `"k${i}":1.5`)}}`),
    status: [400],
  },
  {
    name: 'merge patch: keys',
    method: 'PATCH',
    target: `${one}?dryRun=All`,
    headers: patchOf('merge-patch+json'),
    body: `{${manyKeys}}`,
    status: [200],
  },
  {
    name: 'apply: keys',
    method: 'PATCH',
    target: `${one}?dryRun=All&fieldManager=m&force=true`,
    headers: patchOf('apply-patch+yaml'),
    body: configMap('one', manyKeys),
    status: [200],
  },
  {
    name: 'apply: finalizers',
    method: 'PATCH',
    target: `${one}?dryRun=All&fieldManager=m`,
    headers: patchOf('apply-patch+yaml'),
    body: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one","finalizers":[${manyFinalizers}]}}`,
    status: [200],
  },
  {
    name: 'apply: the same finalizer',
    method: 'PATCH',
    target: `${one}?dryRun=All&fieldManager=m`,
    headers: patchOf('apply-patch+yaml'),
    body: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one","finalizers":[${members(90_000, () => '"a/b"')}]}}`,
    status: [500],
  },
  {
    name: 'JSON patch: operations at long paths',
    method: 'PATCH',
    target: `${one}?dryRun=All`,
    headers: jsonPatch,
    body: `[{"op":"add","path":"/x","value":{}},${members(900, (i) => `{"op":"add","path":"/x${'/a'.repeat(i)}","value":{}}`)}]`,
    status: [200, 422],
  },
  ...Object.entries({ Ignore: 200, Warn: 200, Strict: 422 }).map(([validation, status]) => ({
    name: `JSON patch: copies of keys to where none are known (${validation})`,
    method: 'PATCH',
    target: `${configMaps}/keys?dryRun=All&fieldValidation=${validation}`,
    headers: jsonPatch,
    body: `[${members(2, (i) => `{"op":"copy","from":"/data","path":"/x${i}"}`)}]`,
    status: [status],
  })),
  {
    name: 'JSON patch: a copy of keys to where they do not fit',
    method: 'PATCH',
    target: `${configMaps}/keys?dryRun=All`,
    headers: jsonPatch,
    body: '[{"op":"copy","from":"/data","path":"/binaryData"}]',
    status: [422],
  },
  {
    name: 'constraints of a pod',
    target: `${pods}?dryRun=All`,
    body: podOf(
      `"topologySpreadConstraints":[${members(8000, (i) => `{"maxSkew":1,"topologyKey":"k${i}","whenUnsatisfiable":"DoNotSchedule"}`)}]`,
    ),
    status: [201],
  },
  {
    name: 'claims of a container that its pod does not have',
    target: `${pods}?dryRun=All`,
    body: `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"b","resources":{"claims":[${members(6000, (i) => `{"name":"x${i}"}`)}]}}],"resourceClaims":[${members(6000, (i) => `{"name":"c${i}","resourceClaimName":"c"}`)}]}}`,
    status: [422],
  },
]

for (const { name, body, target = configMaps, method = 'POST', headers = json, status } of full) {
  test(`nearly as many as a body may have, ${name}: nobody waits 50 ms for it`, async () => {
    const bytes = Buffer.from(body)
    // Compiled once, as in a server that has run for a while.
    await ask(method, target, bytes, headers)
    let answer = { status: 0, text: '' }
    const turn = await longestTurn(async () => {
      answer = await ask(method, target, bytes, headers)
    })
    assert.ok(status.includes(answer.status), `${answer.status} ${answer.text.slice(0, 300)}`)
    assert.ok(turn < mostTurnMs, `a turn took ${turn} ms`)
  })
}

test.run()
