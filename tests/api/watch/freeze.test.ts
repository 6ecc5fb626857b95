import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { deepFreeze, thaw, thawObject } from '../../../src/api/watch/freeze.ts'
import type { KubeObject } from '../../../src/apimachinery/object.ts'

test('a thawed object may be changed everywhere but in what its managers own, which is shared', () => {
  const entry = { manager: 'm', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:data': {} } }
  const object = { kind: 'ConfigMap', metadata: { name: 'a', labels: { x: '1' }, managedFields: [entry] }, data: { k: 'v' } }
  const stored = deepFreeze(object as unknown as KubeObject & { data: Record<string, string> })
  const copy = thawObject(stored)
  assert.equal(copy, stored)
  assert.is(copy.metadata.managedFields?.[0]?.fieldsV1, stored.metadata.managedFields?.[0]?.fieldsV1)
  copy.data.k = 'w'
  copy.metadata.labels = { ...copy.metadata.labels, y: '2' }
  copy.metadata.managedFields = [{ ...copy.metadata.managedFields?.[0], time: '2026-01-01T00:00:00Z' } as never]
  assert.equal(stored.data, { k: 'v' })
  assert.equal(stored.metadata.labels, { x: '1' })
})

test('a member __proto__ stays a member when it is thawed, at every depth', () => {
  const many = Array.from({ length: 1000 }, (_, i) => `"k-${i}":[]`).join(',')
  const text = `{"data":{"__proto__":{"a":{"__proto__":"x"}}},"list":[{"__proto__":[{}]}],"many":{${many},"__proto__":{}}}`
  const copy = thaw(deepFreeze(JSON.parse(text))) as { data: Record<string, { a: object }> }
  assert.is(JSON.stringify(copy), text)
  assert.is(Object.getPrototypeOf(copy.data), Object.prototype)
  assert.not(Object.isFrozen(Object.getOwnPropertyDescriptor(copy.data, '__proto__')?.value.a))
})

test.run()
