import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { internal } from '../../../src/api/schema/internal.ts'

test("an internal struct has Go's names and order, and zeros for what is not given", () => {
  const profile = internal('*core.SeccompProfile', { localhostProfile: 'p', type: 'RuntimeDefault' })
  assert.is(JSON.stringify(profile), '{"Type":"RuntimeDefault","LocalhostProfile":"p"}')
  assert.is(JSON.stringify(internal('*core.SeccompProfile', undefined)), 'null')
})

test('maps are sorted and lists keep their order', () => {
  assert.is(JSON.stringify(internal('map<string>string', { b: '1', a: '2' })), '{"a":"2","b":"1"}')
  assert.equal(internal('[]string', ['b', 'a']), ['b', 'a'])
})

test.run()
