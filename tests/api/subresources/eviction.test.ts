import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sending } from '../sending.ts'

// Every text is that of kube-apiserver 1.36.3.
const send = await sending()
const namespace = '/api/v1/namespaces/default'
const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets'
const metadata = (name: string) => ({ metadata: { name } })
await send('POST', `${namespace}/serviceaccounts`, metadata('default'))

async function pod(name: string, spec: object = { nodeName: 'n' }) {
  const labels = { app: name }
  await send('POST', `${namespace}/pods`, {
    metadata: { name, labels },
    spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
  })
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }
  await send('PATCH', `${namespace}/pods/${name}/status`, { status }, 'merge')
}

async function budget(name: string, status: object) {
  const spec = { selector: { matchLabels: { app: name } }, minAvailable: 1 }
  await send('POST', budgets, { ...metadata(name), spec })
  const all = { observedGeneration: 1, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1, ...status }
  await send('PATCH', `${budgets}/${name}/status`, { status: all }, 'merge')
}

const evict = (name: string, body: object = metadata(name), query = '') =>
  send('POST', `${namespace}/pods/${name}/eviction${query}`, body)

test('an eviction names its pod, and asks for one kind of dry run', async () => {
  await pod('a')
  assert.is((await evict('a', {})).message, 'name in URL does not match name in Eviction object')
  const mixed = await evict('a', { ...metadata('a'), deleteOptions: { dryRun: ['Foo'] } }, '?dryRun=All')
  assert.is(mixed.status, 500)
  assert.is(mixed.message, 'Non-matching dry-run options in request and content: [All] and [Foo]')
})

test('a pod that is evicted says why, and one that is not the one that was meant does not', async () => {
  const targets = async () => {
    const { json } = await send('GET', `${namespace}/pods/a`)
    return json.status.conditions.filter((c: { type: string }) => c.type === 'DisruptionTarget')
  }
  assert.is((await evict('a', { ...metadata('a'), deleteOptions: { preconditions: { uid: 'z' } } })).status, 409)
  assert.is((await evict('a', metadata('a'), '?dryRun=All')).status, 201)
  assert.equal(await targets(), [])
  const { resourceVersion } = (await send('GET', `${namespace}/pods/a`)).json.metadata
  assert.is((await evict('a', { ...metadata('a'), deleteOptions: { preconditions: { resourceVersion } } })).status, 201)
  const [{ reason, message, status }] = await targets()
  assert.equal([status, reason, message], ['True', 'EvictionByEvictionAPI', 'Eviction API: evicting'])
})

test('the last disruption that a budget allows is told of in its conditions, by the server', async () => {
  await pod('b')
  await budget('b', { disruptionsAllowed: 1 })
  assert.is((await evict('b')).status, 201)
  const { json } = await send('GET', `${budgets}/b`)
  const { lastTransitionTime: _, ...condition } = json.status.conditions[0]
  const expected = { type: 'DisruptionAllowed', status: 'False', observedGeneration: 1, reason: 'InsufficientPods', message: '' }
  assert.equal(condition, expected)
  assert.ok(json.metadata.managedFields.some((m: { manager: string }) => m.manager === 'kube-apiserver'))
})

test('a budget that allows nothing says why as far as it knows', async () => {
  await pod('c')
  const causeOf = async () => (await evict('c')).json.details.causes[0].message
  await budget('c', {})
  assert.is(await causeOf(), 'The disruption budget c needs 1 healthy pods and has 1 currently')
  await budget('c', { currentHealthy: 2 })
  assert.is(await causeOf(), 'The disruption budget c does not allow evicting pods currently')
  const time = '2026-01-01T00:00:00Z'
  const failed = { type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message: 'm', lastTransitionTime: time }
  await budget('c', { conditions: [failed] })
  assert.is(await causeOf(), 'The disruption budget c does not allow evicting pods currently because it failed sync: m')
})

test('a binding meets the version that it was made for, and names a pod', async () => {
  await pod('d', {})
  const target = { kind: 'Node', name: 'n' }
  const stale = await send('POST', `${namespace}/pods/d/binding`, { metadata: { name: 'd', resourceVersion: '1' }, target })
  assert.is(stale.status, 409)
  assert.match(stale.message, /Precondition failed: ResourceVersion in precondition: 1, ResourceVersion in object meta: \d+$/)
  assert.is((await send('POST', `${namespace}/bindings`, { target })).message, 'Name parameter required.')
})

test.run()
