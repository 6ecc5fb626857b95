import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sending } from '../sending.ts'

// As kube-apiserver 1.36.3 counts.
const send = await sending()
const generations = async (collection: string, object: object, changes: readonly object[]): Promise<number[]> => {
  const made = await send('POST', collection, object)
  assert.is(made.status, 201, made.message)
  const found = [made.json.metadata.generation]
  for (const change of changes) {
    const { json } = await send('PATCH', `${collection}/${made.json.metadata.name}`, change, 'merge')
    found.push(json.metadata.generation)
  }
  return found
}
const labels = { metadata: { labels: { a: 'b' } } }
const own = { metadata: { generation: 77 } }

test('the generation of a NetworkPolicy counts changes of its spec, and nothing else', async () => {
  const selected = { spec: { podSelector: { matchLabels: { a: 'b' } } } }
  assert.equal(
    await generations(
      '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies',
      { metadata: { name: 'n', generation: 5 }, spec: { podSelector: {} } },
      [labels, selected, selected, own, { spec: { policyTypes: ['Egress'] } }],
    ),
    [1, 1, 2, 2, 2, 3],
  )
})

test('the generation of webhook configurations counts changes of their webhooks, and nothing else', async () => {
  const webhook = {
    name: 'a.b.c',
    clientConfig: { url: 'https://localhost:1/x' },
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    failurePolicy: 'Ignore',
  }
  const changes = [
    labels,
    { webhooks: [{ ...webhook, timeoutSeconds: 3 }] },
    { webhooks: [] },
    { webhooks: null },
    { webhooks: [webhook, { ...webhook, name: 'd.e.f' }] },
    own,
  ]
  for (const resource of ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations']) {
    const collection = `/apis/admissionregistration.k8s.io/v1/${resource}`
    assert.equal(
      await generations(collection, { metadata: { name: 'w' }, webhooks: [webhook] }, changes),
      [1, 1, 2, 3, 3, 4, 4],
      resource,
    )
  }
})

test.run()
