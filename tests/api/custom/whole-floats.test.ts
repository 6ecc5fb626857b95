import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Client } from '../../../src/client/client.ts'
import { apiServing } from './api-serving.ts'
import { send } from './send.ts'

// What kube-apiserver 1.36 answers to 1.0 and 1e2: float64 until they are stored, as 1 and 100.

const group = 'floats.example.com'
const path = `/apis/${group}/v1/namespaces/default/ws`
const merge = 'application/merge-patch+json'
const json = 'application/json-patch+json'

const v1 = {
  additionalPrinterColumns: [{ name: 'I', type: 'integer', jsonPath: '.spec.i' }],
  subresources: { status: {}, scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' } },
  schema: {
    openAPIV3Schema: {
      type: 'object',
      properties: {
        spec: {
          type: 'object',
          properties: {
            replicas: { type: 'integer' },
            i: { type: 'integer', maximum: 1000 },
            e: { type: 'integer', enum: [1, 100] },
            c: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self + 1 == 2' }] },
            n: { type: 'number', 'x-kubernetes-validations': [{ rule: 'self + 1.0 == 2.0' }] },
            o: { 'x-kubernetes-int-or-string': true, 'x-kubernetes-validations': [{ rule: 'self == 1' }] },
            any: { 'x-kubernetes-preserve-unknown-fields': true },
            set: { type: 'array', items: { type: 'number' }, 'x-kubernetes-list-type': 'set' },
          },
        },
        status: { type: 'object', properties: { n: { type: 'number' } } },
      },
    },
  },
}

const served = () => apiServing(group, v1)

const named = (spec: string, meta = '') => `{"apiVersion":"${group}/v1","kind":"W","metadata":{"name":"x"${meta}},"spec":${spec}}`

interface Shown {
  readonly metadata: { readonly generation: number; readonly resourceVersion: string; readonly managedFields: unknown[] }
  readonly spec: Record<string, unknown>
}
const shown = ({ text }: { text: string }) => JSON.parse(text) as Shown
const patch = (client: Client, body: string, type: string, at = '') => send(client, 'PATCH', `${path}/x${at}`, body, type)

test('a float64 without fraction fits integers, and is an integer once it is stored', async () => {
  const { api, client } = await served()
  const spec = '{"i":1e2,"e":1.0,"any":{"a":[1.0,{"b":-0.0}]},"set":[1.0,2e0]}'
  const made = await send(client, 'POST', path, named(spec, ',"generation":1.0'))
  assert.is(made.status, 201, made.text)
  const stored = { i: 100, e: 1, any: { a: [1, { b: 0 }] }, set: [1, 2] }
  assert.equal(shown(made).spec, stored)
  assert.equal(shown(await send(client, 'GET', `${path}/x`)).spec, stored)
  assert.match(made.text, '"f:set":{".":{},"v:1":{},"v:2":{}}')
  const table = await send(client, 'GET', `${path}/x`, undefined, json, 'application/json;as=Table;v=v1;g=meta.k8s.io')
  assert.match(table.text, '"cells":["x",100]')
  const tried = await send(client, 'POST', `${path}?dryRun=All`, named(spec).replace('"x"', '"y"'))
  assert.equal(shown(tried).spec, stored)
  await api.close()
})

test('rules see a float64 as one: no int is made of it', async () => {
  const { api, client } = await served()
  const refusals = {
    '{"c":1.0}': 'invalid data, expected int, got float64 evaluating rule: self + 1 == 2',
    '{"o":1.0}': 'invalid data, expected XIntOrString value to be either a string or integer evaluating rule: self == 1',
    '{"replicas":1.0}': '.spec.replicas accessor error: 1 is of the type float64, expected int64',
    '{"replicas":[1.0,[2e7]]}': '.spec.replicas accessor error: [1 [2e+07]] is of the type []interface {}, expected int64',
    '{"i":1e6}': 'Invalid value: 1e+06: spec.i in body should be less than or equal to 1000',
  }
  for (const [spec, refusal] of Object.entries(refusals)) {
    const { status, text } = await send(client, 'POST', path, named(spec))
    assert.is(status, 422, text)
    assert.ok((JSON.parse(text) as { message: string }).message.includes(refusal), text)
  }
  assert.is((await send(client, 'POST', path, named('{"n":1.0}'))).status, 201)
  await api.close()
})

test('a float64 in the place of the int64 of its value raises the generation, but changes no manager', async () => {
  const { api, client } = await served()
  const made = shown(await send(client, 'POST', path, named('{"i":1,"any":{"a":1}}')))
  for (const [i, [body, type]] of [
    ['{"spec":{"i":1.0}}', merge],
    ['{"spec":{"any":{"a":0.1e1}}}', merge],
    ['[{"op":"test","path":"/spec/i","value":1},{"op":"replace","path":"/spec/i","value":1.0}]', json],
  ].entries()) {
    const patched = shown(await patch(client, body as string, type as string))
    assert.is(patched.metadata.generation, i + 2)
    assert.equal(patched.metadata.managedFields, made.metadata.managedFields)
    assert.equal(patched.spec, made.spec)
  }
  const same = shown(await patch(client, '{"spec":{"i":1}}', merge))
  assert.is(same.metadata.generation, 4)
  await api.close()
})

test('a float64 in the place of the int64 of its value is no change where no generation is counted', async () => {
  const { api, client } = await served()
  await send(client, 'POST', path, named('{}'))
  const first = shown(await patch(client, '{"status":{"n":1}}', merge, '/status'))
  const again = shown(await patch(client, '{"status":{"n":1.0}}', merge, '/status'))
  assert.is(again.metadata.resourceVersion, first.metadata.resourceVersion)
  await api.close()
})

test('a JSON patch tests how a number that it adds is written', async () => {
  const { api, client } = await served()
  await send(client, 'POST', path, named('{"i":1}'))
  const tested = (value: string) =>
    patch(client, `[{"op":"add","path":"/spec/i","value":1.0},{"op":"test","path":"/spec/i","value":${value}}]`, json)
  assert.is((await tested('1')).status, 422)
  assert.is((await tested('1.0')).status, 200)
  const stored = '[{"op":"test","path":"/spec/i","value":1}]'
  assert.is((await patch(client, stored, json)).status, 200)
  const beyond = '[{"op":"add","path":"/spec/any","value":1e400}]'
  for (const [validation, status, target] of [
    ['Warn', 400, 'struct field jsonPatchOp.value'],
    ['Ignore', 422, 'value'],
  ] as const) {
    const refused = await patch(client, beyond, json, `?fieldValidation=${validation}`)
    assert.is(refused.status, status)
    assert.match(refused.text, `json: cannot unmarshal number 1e400 into Go ${target} of type float64`)
  }
  await api.close()
})

test.run()
