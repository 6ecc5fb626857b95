import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { internal, isSameInternal } from '../../../src/api/schema/internal.ts'

test("an internal struct has Go's names and order, and zeros for what is not given", () => {
  const profile = internal('*core.SeccompProfile', { localhostProfile: 'p', type: 'RuntimeDefault' })
  assert.is(JSON.stringify(profile), '{"Type":"RuntimeDefault","LocalhostProfile":"p"}')
  assert.is(JSON.stringify(internal('*core.SeccompProfile', undefined)), 'null')
})

test('maps are sorted and lists keep their order', () => {
  assert.is(JSON.stringify(internal('map<string>string', { b: '1', a: '2' })), '{"a":"2","b":"1"}')
  assert.equal(internal('[]string', ['b', 'a']), ['b', 'a'])
})

test('two values are the same as Go sees it: pointers to something differ from nil, empty lists and maps do not', () => {
  assert.is(isSameInternal('*core.SeccompProfile', {}, undefined), false)
  assert.is(isSameInternal('*core.SeccompProfile', { type: '' }, {}), true)
  assert.is(isSameInternal('core.SeccompProfile', {}, undefined), true)
  assert.is(isSameInternal('[]string', [], undefined), true)
  assert.is(isSameInternal('[]string', ['a'], ['a', 'b']), false)
  assert.is(isSameInternal('map<string>string', {}, null), true)
  assert.is(isSameInternal('map<string>string', { a: '' }, { b: '' }), false)
  assert.is(isSameInternal('*bool', false, undefined), false)
  assert.is(isSameInternal('core.PodSpec', { hostNetwork: true }, { securityContext: {} }), false)
  assert.is(isSameInternal('core.PodSpec', { securityContext: {} }, {}), true)
  const claim = (labels: object | undefined) => ({ metadata: { name: 'c', labels }, spec: {} })
  assert.is(isSameInternal('[]core.PersistentVolumeClaim', [claim({})], [claim(undefined)]), true)
  assert.is(isSameInternal('[]core.PersistentVolumeClaim', [claim({ a: 'b' })], [claim({ a: 'c' })]), false)
})

test.run()
