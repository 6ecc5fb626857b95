import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sending } from '../sending.ts'

test('tolerations of a pod that those of its runtime class include are left out', async () => {
  const send = await sending()
  const tolerations = [{ operator: 'Exists' }]
  const runtimeClass = { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'r' }, handler: 'h' }
  await send('POST', '/apis/node.k8s.io/v1/runtimeclasses', { ...runtimeClass, scheduling: { tolerations } })
  await send('POST', '/api/v1/namespaces/default/serviceaccounts', {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default' },
  })
  const spec = {
    containers: [{ name: 'c', image: 'i' }],
    runtimeClassName: 'r',
    tolerations: [{ key: 'k', operator: 'Exists' }, ...tolerations],
  }
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec }
  const { json } = await send('POST', '/api/v1/namespaces/default/pods', pod)
  assert.equal(json.spec.tolerations, tolerations)
})

test('a pod may not bring overhead that no runtime class has, not even an empty one', async () => {
  const send = await sending()
  await send('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } })
  const spec = { containers: [{ name: 'c', image: 'i' }], overhead: {} }
  const refused = await send('POST', '/api/v1/namespaces/default/pods', { metadata: { name: 'p' }, spec })
  const why = 'pods "p" is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead'
  assert.equal([refused.status, refused.message], [403, why])
  const invalid = await send('POST', '/api/v1/namespaces/default/pods', { metadata: { name: 'P' }, spec })
  assert.is(invalid.status, 422)
})

test.run()
