import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { send } from '../custom/send.ts'
import { testApi } from '../test-api.ts'

const path = '/apis/apps/v1/namespaces/default/deployments'
const merge = 'application/strategic-merge-patch+json'
const withMemory = (memory: string) => ({
  spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { memory } } }] },
})

interface Shown {
  readonly metadata: { readonly generation: number }
  readonly spec: { readonly template: ReturnType<typeof withMemory> }
}

test('a quantity in another form of the same value is written, but raises no generation', async () => {
  const { api, client } = await testApi()
  const labels = { a: 'b' }
  const template = { metadata: { labels }, ...withMemory('1Gi') }
  const deployment = { metadata: { name: 'x' }, spec: { replicas: 0, selector: { matchLabels: labels }, template } }
  const made = await send(client, 'POST', path, JSON.stringify(deployment))
  assert.is(made.status, 201, made.text)
  for (const [memory, generation] of [
    ['1073741824', 1],
    ['1024Mi', 1],
    ['1G', 2],
    ['1e9', 2],
  ] as const) {
    const { text } = await send(client, 'PATCH', `${path}/x`, JSON.stringify({ spec: { template: withMemory(memory) } }), merge)
    const { metadata, spec } = JSON.parse(text) as Shown
    assert.is(metadata.generation, generation, memory)
    const shown = memory === '1024Mi' ? '1Gi' : memory
    assert.is(spec.template.spec.containers[0]?.resources.requests.memory, shown)
  }
  await api.close()
})

test.run()
