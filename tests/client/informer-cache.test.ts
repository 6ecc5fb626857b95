import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { KubeObject } from '../../src/apimachinery/object.ts'
import { createIndexedCache } from '../../src/client/informer-cache.ts'

const pod = (name: string, node: string, version = '1'): KubeObject => ({
  metadata: { name, namespace: 'n', resourceVersion: version, labels: { node } },
})

test('an index finds one object, several, one again and none, each as it was set last', () => {
  const cache = createIndexedCache({ node: (o) => [o.metadata.labels?.node ?? ''] })
  const on = (node: string) => cache.byIndex('node', node).map(({ metadata: m }) => `${m.name}@${m.resourceVersion}`)
  cache.set(pod('a', 'x'))
  assert.equal(on('x'), ['a@1'])
  cache.set(pod('a', 'x', '2'))
  assert.equal(on('x'), ['a@2'])
  cache.set(pod('b', 'x'))
  cache.set(pod('c', 'x'))
  assert.equal(on('x'), ['a@2', 'b@1', 'c@1'])
  cache.set(pod('b', 'y', '2'))
  cache.delete('n/c')
  cache.delete('n/none')
  assert.equal([on('x'), on('y')], [['a@2'], ['b@2']])
  cache.delete('n/a')
  cache.delete('n/b')
  assert.equal([on('x'), on('y')], [[], []])
})

test.run()
