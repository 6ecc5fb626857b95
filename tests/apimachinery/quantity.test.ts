import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { matchesSelector } from '../../src/apimachinery/label-selector.ts'
import { formatQuantity, parseQuantity, quantityMilli, quantityValue } from '../../src/apimachinery/quantity.ts'

test('quantities are exact in every notation and round up', () => {
  assert.is(quantityMilli('100m'), 100)
  assert.is(quantityMilli('1.5'), 1500)
  assert.is(quantityMilli('100u'), 1)
  assert.is(quantityValue('1.5Gi'), 1.5 * 2 ** 30)
  assert.is(quantityValue('2e3'), 2000)
  assert.is(quantityValue('1E'), 1e18)
  assert.is(quantityValue('-1500m'), -2)
  assert.is(quantityValue(3), 3)
  assert.is(parseQuantity('1.5.2'), undefined)
  assert.is(parseQuantity('Gi'), undefined)
  assert.is(quantityValue(undefined), 0)
})

test('a quantity is written in its canonical form', () => {
  assert.is(formatQuantity(1_500_000_000n), '1500m')
  assert.is(formatQuantity(2000_000_000_000n), '2k')
  assert.is(formatQuantity((parseQuantity('1024Mi') as bigint) + 0n, 'binary'), '1Gi')
  assert.is(formatQuantity(0n), '0')
})

test('an absent selector selects nothing, an empty one everything, and prototype keys are no labels', () => {
  assert.not(matchesSelector(undefined, { a: 'b' }))
  assert.ok(matchesSelector({}, { a: 'b' }))
  assert.not(matchesSelector({ matchExpressions: [{ key: 'constructor', operator: 'Exists' }] }, {}))
  assert.ok(matchesSelector({ matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['c'] }] }, { a: 'b' }))
})

test.run()
