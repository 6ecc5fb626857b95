import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseJson } from '../../../src/apimachinery/json.ts'
import { testApi } from '../test-api.ts'
import { apiServing } from './api-serving.ts'
import { send } from './send.ts'

const long = 9007199254740993n
const longest = 2n ** 63n - 1n
const group = 'long.example.com'
const path = `/apis/${group}/v1/namespaces/default/ws`

const v1 = {
  additionalPrinterColumns: [
    { name: 'I', type: 'integer', jsonPath: '.spec.i' },
    { name: 'S', type: 'string', jsonPath: '.spec.i' },
    { name: 'N', type: 'number', jsonPath: '.spec.i' },
  ],
  selectableFields: [{ jsonPath: '.spec.i' }],
  schema: {
    openAPIV3Schema: {
      type: 'object',
      properties: {
        spec: {
          type: 'object',
          'x-kubernetes-validations': [{ rule: '!has(self.i) || self.i != 9007199254740992' }],
          properties: {
            i: { type: 'integer' },
            d: { type: 'integer', default: longest },
            e: { type: 'integer', enum: [long] },
            n: { type: 'number' },
            p: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
          },
        },
      },
    },
  },
}

const specIn = (text: string) => (parseJson(text) as { spec: Record<string, unknown> }).spec
const named = (spec: string) => `{"apiVersion":"${group}/v1","kind":"W","metadata":{"name":"x"},"spec":${spec}}`

const served = () => apiServing(group, v1)

test('long integers of custom objects are kept by every way of writing', async () => {
  const { api, client } = await served()
  const created = await send(client, 'POST', path, named(`{"i":${long},"n":1e18,"p":{"a":[${longest}]}}`))
  assert.is(created.status, 201, created.text)
  assert.equal(specIn(created.text), { i: long, n: 10n ** 18n, p: { a: [longest] }, d: longest })
  const merged = await send(client, 'PATCH', `${path}/x`, `{"spec":{"i":${long + 2n}}}`, 'application/merge-patch+json')
  assert.is(specIn(merged.text).i, long + 2n)
  const tested = `[{"op":"test","path":"/spec/i","value":${long + 2n}},{"op":"replace","path":"/spec/i","value":${-long}}]`
  assert.is(specIn((await send(client, 'PATCH', `${path}/x`, tested, 'application/json-patch+json')).text).i, -long)
  const stale = `[{"op":"test","path":"/spec/i","value":${-long + 1n}}]`
  assert.is((await send(client, 'PATCH', `${path}/x`, stale, 'application/json-patch+json')).status, 422)
  const applied = `apiVersion: ${group}/v1\nkind: W\nmetadata: {name: x}\nspec: {i: ${longest}}\n`
  const apply = await send(client, 'PATCH', `${path}/x?fieldManager=f&force=true`, applied, 'application/apply-patch+yaml')
  assert.is(specIn(apply.text).i, longest)
  assert.is(specIn((await send(client, 'GET', `${path}/x`)).text).i, longest)
  await api.close()
})

test('long integers are compared and shown with all digits', async () => {
  const { api, client } = await served()
  assert.is((await send(client, 'POST', path, named(`{"i":${long - 1n}}`))).status, 422)
  const refused = await send(client, 'POST', path, named(`{"e":${long - 1n}}`))
  assert.match(refused.text, `Unsupported value: ${long - 1n}: supported values: \\"${long}\\"`)
  await send(client, 'POST', path, named(`{"i":${long},"e":${long}}`))
  const found = await send(client, 'GET', `${path}?fieldSelector=spec.i%3D${long}`)
  assert.is((parseJson(found.text) as { items: unknown[] }).items.length, 1)
  const none = await send(client, 'GET', `${path}?fieldSelector=spec.i%3D${long - 1n}`)
  assert.is((parseJson(none.text) as { items: unknown[] }).items.length, 0)
  const table = await send(client, 'GET', path, undefined, undefined, 'application/json;as=Table;v=v1;g=meta.k8s.io')
  assert.match(table.text, `"cells":["x",${long},"${long}",${long - 1n}]`)
  const yaml = await send(client, 'GET', `${path}/x`, undefined, undefined, 'application/yaml')
  assert.match(yaml.text, `i: ${long}`)
  await api.close()
})

test('a client in process reads and writes back the object that it was given', async () => {
  const { api, client } = await served()
  await send(client, 'POST', path, named(`{"i":${long}}`))
  const ws = { group, version: 'v1', resource: 'ws', kind: 'W', namespaced: true } as never
  const object = (await client.get(ws, 'x', { namespace: 'default' } as never)) as unknown as { spec: { i: unknown; n?: number } }
  assert.is(object.spec.i, long)
  const updated = (await client.update(ws, { ...object, spec: { ...object.spec, n: 0.5 } } as never)) as unknown as typeof object
  assert.equal([updated.spec.i, updated.spec.n], [long, 0.5])
  await api.close()
})

test('integer fields of built-in kinds take what Go reads as an int64, and patches as they are written', async () => {
  const { api, client } = await testApi()
  const jobs = '/apis/batch/v1/namespaces/default/jobs'
  const job = (seconds: string) =>
    `{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j"},"spec":{"activeDeadlineSeconds":${seconds},"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}}`
  assert.match((await send(client, 'POST', jobs, job('9223372036854775808'))).text, 'cannot unmarshal number 9223372036854775808')
  const made = await send(client, 'POST', jobs, job(String(longest)))
  assert.is(specIn(made.text).activeDeadlineSeconds, longest)
  const patch = async (body: string, type: string) => {
    const { status, text } = await send(client, 'PATCH', `${jobs}/j`, body, `application/${type}-patch+json`)
    return status === 200 ? String(specIn(text).activeDeadlineSeconds) : text
  }
  assert.is(await patch(`{"spec":{"activeDeadlineSeconds":${long}}}`, 'merge'), String(long))
  assert.match(await patch('{"spec":{"activeDeadlineSeconds":1.0}}', 'merge'), 'cannot unmarshal number 1.0 into Go struct field')
  assert.match(await patch('[{"op":"replace","path":"/spec/activeDeadlineSeconds","value":1e3}]', 'json'), 'number 1e3 into')
  assert.is(await patch('{"spec":{"activeDeadlineSeconds":1e18}}', 'strategic-merge'), String(10n ** 18n))
  assert.match(await patch('{"spec":{"activeDeadlineSeconds":1e19}}', 'strategic-merge'), 'Invalid value: -9223372036854775808')
  await api.close()
})

test('a JSON patch tests how a text is written, and texts are written as Go writes them', async () => {
  const { api, client } = await testApi()
  const maps = '/api/v1/namespaces/default/configmaps'
  const made = await send(client, 'POST', maps, '{"metadata":{"name":"m"},"data":{"a":"x<y"}}')
  assert.match(made.text, '"a":"x\\u003cy"')
  const tested = (value: string) =>
    send(client, 'PATCH', `${maps}/m`, `[{"op":"test","path":"/data/a","value":"${value}"}]`, 'application/json-patch+json')
  assert.is((await tested('x<y')).status, 422)
  assert.is((await tested('x\\u003cy')).status, 200)
  await api.close()
})

test.run()
