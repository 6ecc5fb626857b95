import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { intValue, scaledValue } from '../../src/apimachinery/intstr.ts'
import { isConfigMapKey, isDns1123Label, isDns1123Subdomain, isPortName, isQualifiedName } from '../../src/apimachinery/names.ts'

test('well-formed names have no problems', () => {
  assert.equal([...isDns1123Label('a-b'), ...isDns1123Subdomain('a.b'), ...isQualifiedName('a.b/C_d'), ...isPortName('http')], [])
})

test('problems are worded as Kubernetes words them', () => {
  assert.equal(isDns1123Label('a.b'), ['must not contain dots'])
  assert.equal(isDns1123Label('a'.repeat(64)), ['must be no more than 63 characters'])
  assert.equal(isQualifiedName('/x'), ['prefix part must be non-empty'])
  assert.equal(isConfigMapKey('..a'), [`must not start with '..'`])
  assert.match(isPortName('1')[0] ?? '', 'must contain at least one letter')
})

test('percentages are scaled, numbers are themselves, other texts are refused', () => {
  assert.is(scaledValue('25%', 10, 'up'), 3)
  assert.is(scaledValue('25%', 10, 'down'), 2)
  assert.is(scaledValue(4, 10, 'up'), 4)
  assert.is(scaledValue('4', 10, 'up'), undefined)
  assert.is(intValue('8080'), 8080)
})

test.run()
