import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Client } from '../../../src/client/client.ts'
import { apiServing } from './api-serving.ts'

const group = 'unknown.example.com'
const path = `/apis/${group}/v1/namespaces/default/ws`
const v1 = {
  subresources: { scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' } },
  schema: {
    openAPIV3Schema: {
      type: 'object',
      properties: { spec: { type: 'object' }, strict: { type: 'object', required: ['x'] } },
    },
  },
}

interface Answered {
  readonly status: number
  readonly spec?: object
  readonly strict?: object
  readonly message?: string
  readonly metadata: { readonly generation?: number }
}

async function send(client: Client, method: string, at: string, body: object, type: string): Promise<Answered> {
  const headers = { 'content-type': `application/${type}`, accept: 'application/json' }
  const answer = await client.raw({ method, path: at, headers, body: Buffer.from(JSON.stringify(body)) })
  const pieces: Uint8Array[] = []
  for await (const piece of answer.body) pieces.push(piece)
  return { ...JSON.parse(Buffer.concat(pieces).toString()), status: answer.status }
}

const served = () => apiServing(group, v1)

const object = (more: object) => ({ apiVersion: `${group}/v1`, kind: 'W', metadata: { name: 'a' }, ...more })

test('a field that the schema does not know is applied, judged and counted, but not kept', async () => {
  const { api, client } = await served()
  assert.is((await send(client, 'POST', path, object({ strict: { x: 1 } }), 'json')).status, 422)
  const applied = await send(client, 'PATCH', `${path}/a?fieldManager=f`, object({ strict: { x: 1 } }), 'apply-patch+yaml')
  assert.equal([applied.status, applied.strict, applied.metadata.generation], [201, {}, 1])
  const again = await send(client, 'PATCH', `${path}/a?fieldManager=f`, object({ strict: { x: 2 } }), 'apply-patch+yaml')
  assert.equal([again.status, again.strict, again.metadata.generation], [200, {}, 2])
  api.close()
})

test('replicas that the schema does not know are not kept', async () => {
  const { api, client } = await served()
  await send(client, 'POST', path, object({ spec: {} }), 'json')
  const scaled = await send(client, 'PATCH', `${path}/a/scale`, { spec: { replicas: 3 } }, 'merge-patch+json')
  assert.equal([scaled.status, scaled.spec], [200, {}])
  api.close()
})

test('what a schema knows is asked of objects of its own kind only', async () => {
  const { api, client } = await served()
  const list = object({ kind: 'WList', items: [{ x: 1 }], metadata: { name: 'a', unknown: 1 } })
  const strict = await send(client, 'POST', `${path}?fieldValidation=Strict`, list, 'json')
  const refused = 'WList in version "v1" cannot be handled as a WList: strict decoding error: unknown field "metadata.unknown"'
  assert.equal([strict.status, strict.message], [400, refused])
  const known = await send(client, 'POST', `${path}?fieldValidation=Strict`, { ...list, metadata: { name: 'a' } }, 'json')
  const mistyped = `WList.${group} "a" is invalid: kind: Invalid value: "WList": must be W`
  assert.equal([known.status, known.message], [422, mistyped])
  api.close()
})

test.run()
