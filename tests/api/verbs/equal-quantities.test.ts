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

test('what may not change may be written in another form of the same value', async () => {
  const { api, client } = await testApi()
  const labels = { a: 'b' }
  const claim = (storage: string) => ({
    metadata: { name: 'd' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
  })
  const template = { metadata: { labels }, ...withMemory('1') }
  const set = (storage: string) => ({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 's' },
    spec: { serviceName: 's', replicas: 0, selector: { matchLabels: labels }, template, volumeClaimTemplates: [claim(storage)] },
  })
  const sets = '/apis/apps/v1/namespaces/default/statefulsets'
  assert.is((await send(client, 'POST', sets, JSON.stringify(set('1Gi')))).status, 201)
  assert.is((await send(client, 'PUT', `${sets}/s`, JSON.stringify(set('1073741824')))).status, 200)
  assert.is((await send(client, 'PUT', `${sets}/s`, JSON.stringify(set('1G')))).status, 422)
  const pods = '/api/v1/namespaces/default/pods'
  const pod = { metadata: { name: 'p' }, ...withMemory('1Gi') }
  assert.is((await send(client, 'POST', pods, JSON.stringify(pod))).status, 201)
  const patched = (memory: string) => send(client, 'PATCH', `${pods}/p`, JSON.stringify(withMemory(memory)), merge)
  assert.match((await patched('1073741824')).text, '"memory":"1073741824"')
  assert.is((await patched('1G')).status, 422)
  await api.close()
})

test('the template of a DaemonSet changes by values of quantities, not by their form', async () => {
  const { api, client } = await testApi()
  const labels = { a: 'b' }
  const template = { metadata: { labels }, ...withMemory('1Gi') }
  const sets = '/apis/apps/v1/namespaces/default/daemonsets'
  const set = { metadata: { name: 'x' }, spec: { selector: { matchLabels: labels }, template } }
  await send(client, 'POST', sets, JSON.stringify(set))
  const patched = (memory: string) =>
    send(client, 'PATCH', `${sets}/x`, JSON.stringify({ spec: { template: withMemory(memory) } }), merge)
  assert.match((await patched('1073741824')).text, '"deprecated.daemonset.template.generation":"1"')
  assert.match((await patched('1G')).text, '"deprecated.daemonset.template.generation":"2"')
  await api.close()
})

test.run()
