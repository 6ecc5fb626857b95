import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asking } from './asking.ts'

const { ask } = await asking()
const configMaps = '/api/v1/namespaces/default/configmaps'
const evil = '"__proto__":{"polluted":"1"},"constructor":{"prototype":{"polluted":"1"}}'

test.after.each(() => {
  assert.is(({} as { polluted?: unknown }).polluted, undefined)
  assert.is(([] as { polluted?: unknown }).polluted, undefined)
})

const bodies: readonly (readonly [string, string])[] = [
  ['application/json', `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a",${evil}},${evil}}`],
  ['application/json', `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b","labels":{${evil}}},"data":{${evil}}}`],
  [
    'application/yaml',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n__proto__: {polluted: 1}\ndata: {__proto__: {polluted: 1}}',
  ],
  ['application/yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: d}\ndata: {<<: {__proto__: {polluted: 1}}}'],
]

for (const [type, body] of bodies) {
  test(`${type}: names of JavaScript's own are names like others: ${body.slice(0, 90)}`, async () => {
    const { status, text } = await ask('POST', configMaps, body, { 'content-type': type })
    assert.ok(status === 201 || (status >= 400 && status < 500), text)
  })
}

test('a config map may have a key `constructor`, and gives it back', async () => {
  const body =
    '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"keys"},"data":{"constructor":"c","toString":"t","hasOwnProperty":"h"}}'
  assert.is((await ask('POST', configMaps, body, { 'content-type': 'application/json' })).status, 201)
  const { text } = await ask('GET', `${configMaps}/keys`)
  assert.equal(JSON.parse(text).data, { constructor: 'c', toString: 't', hasOwnProperty: 'h' })
})

const patches: readonly (readonly [string, string])[] = [
  ['json-patch+json', '[{"op":"add","path":"/__proto__/polluted","value":"1"}]'],
  ['json-patch+json', '[{"op":"add","path":"/constructor/prototype/polluted","value":"1"}]'],
  [
    'json-patch+json',
    '[{"op":"add","path":"/data/__proto__","value":{"polluted":"1"}},{"op":"copy","from":"/data/__proto__","path":"/x"}]',
  ],
  ['json-patch+json', '[{"op":"move","from":"/metadata/__proto__","path":"/data/a"}]'],
  ['merge-patch+json', `{${evil},"metadata":{${evil}},"data":{${evil}}}`],
  ['strategic-merge-patch+json', `{${evil},"metadata":{${evil}},"$setElementOrder/__proto__":["a"]}`],
  ['apply-patch+yaml', `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"keys",${evil}},${evil}}`],
  ['apply-patch+yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: keys}\n__proto__: {polluted: 1}'],
]

for (const [type, body] of patches) {
  test(`${type}: ${body.slice(0, 90)} reaches no prototype`, async () => {
    const { status, text } = await ask('PATCH', `${configMaps}/keys?fieldManager=m&force=true`, body, {
      'content-type': `application/${type}`,
    })
    const isUntyped = status === 500 && text.includes('failed to create typed patch object')
    assert.ok(status === 200 || isUntyped || (status >= 400 && status < 500), `${status} ${text}`)
  })
}

const targets = [
  '/api/v1/__proto__',
  '/apis/__proto__/constructor/toString',
  '/api/v1/namespaces/__proto__/constructor/__proto__',
  `${configMaps}/__proto__`,
  `${configMaps}/keys/__proto__`,
  `${configMaps}?labelSelector=__proto__,constructor=x`,
  `${configMaps}?fieldSelector=__proto__=x`,
  `${configMaps}?__proto__=1&limit=constructor`,
  `${configMaps}?resourceVersion=__proto__`,
]

for (const target of targets) {
  test(`GET ${target} is refused`, async () => {
    const { status, text } = await ask('GET', target)
    assert.ok(status >= 400 && status < 500, `${status} ${text.slice(0, 200)}`)
  })
}

test.run()
