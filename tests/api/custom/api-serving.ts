import * as assert from 'uvu/assert'
import { jsonText } from '../../../src/apimachinery/json.ts'
import type { Client } from '../../../src/client/client.ts'
import { eventually } from '../../eventually.ts'
import { testApi } from '../test-api.ts'
import { send } from './send.ts'

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

/** A definition of the namespaced kind W (`ws`) of `group`, with `v1` as its only version. */
const definitionOf = (group: string, v1: object) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `ws.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: 'ws', singular: 'w', kind: 'W', listKind: 'WList' },
    versions: [{ name: 'v1', served: true, storage: true, ...v1 }],
  },
})

/** A test API that serves W of `group` already; `v1`: its version's schema, columns and subresources. */
export async function apiServing(group: string, v1: object): Promise<{ api: { close(): void }; client: Client }> {
  const { api, client } = await testApi()
  const made = await send(client, 'POST', definitions, jsonText(definitionOf(group, v1)))
  assert.is(made.status, 201, made.text)
  await eventually(async () => (await send(client, 'GET', `/apis/${group}/v1/namespaces/default/ws`)).status === 200)
  return { api, client }
}
