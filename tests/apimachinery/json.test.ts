import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { int64, isInt64, jsonText, numberOf, parseJson, typedNumber, WholeFloat, writable } from '../../src/apimachinery/json.ts'
import { alphabetical } from '../../src/apimachinery/key-order.ts'
import { doubleText, numberText } from '../../src/apimachinery/number-text.ts'
import { sameJson } from '../../src/apimachinery/same-json.ts'
import { exactNumbers, hasLongIntegers } from '../../src/apimachinery/yaml/exact-numbers.ts'

test('integers within 64 bits are read to the last digit, as bigints where a double is too short', () => {
  assert.equal(parseJson('[9007199254740991,9007199254740992,-9007199254740993]'), [2 ** 53 - 1, 2n ** 53n, -9007199254740993n])
  assert.equal(parseJson('{"a":{"b":9223372036854775807,"c":-9223372036854775808}}'), {
    a: { b: 2n ** 63n - 1n, c: -(2n ** 63n) },
  })
})

test('integers outside of 64 bits, and what is written with a point or an exponent, are doubles', () => {
  assert.equal(parseJson('[9223372036854775808,-9223372036854775809,1e18,1000000000000000000.0]'), [
    2 ** 63,
    -(2 ** 63),
    1e18,
    1e18,
  ])
  assert.not(isInt64(numberOf('1e18')))
  assert.ok(Object.is(numberOf('-0'), 0))
})

test('digits in texts are texts', () => {
  assert.equal(parseJson('{"a":"9007199254740993","b":"x 9007199254740993 y","9007199254740993":1}'), {
    a: '9007199254740993',
    b: 'x 9007199254740993 y',
    '9007199254740993': 1,
  })
})

test('a long number is found wherever it stands', () => {
  for (let before = 0; before < 40; before++) {
    assert.equal(parseJson(`${' '.repeat(before)}[9007199254740993]`), [9007199254740993n])
    assert.equal(parseJson(`${' '.repeat(before)}{"k":-9007199254740993}`), { k: -9007199254740993n })
  }
})

test('own keys are kept, __proto__ too, and the last of several counts', () => {
  const text = '{"__proto__":9007199254740993,"a":1,"a":9007199254740995}'
  assert.is(jsonText(parseJson(text)), '{"__proto__":9007199254740993,"a":9007199254740995}')
})

test('bigints are written in digits, with indent too', () => {
  assert.is(jsonText({ a: [9007199254740993n, 1.5, undefined], b: undefined }), '{"a":[9007199254740993,1.5,null]}')
  assert.is(jsonText({ a: 9007199254740993n }, 2), '{\n  "a": 9007199254740993\n}')
  assert.is(JSON.stringify([2n ** 60n], writable), '[1152921504606846976]')
  const circle: Record<string, unknown> = { n: 1n }
  circle.self = circle
  assert.throws(() => jsonText(circle), /circular/i)
})

test('an int64 is held in one form only', () => {
  assert.is(int64(5n), 5)
  assert.is(int64(2n ** 53n), 2n ** 53n)
  assert.is(int64(2n ** 63n), undefined)
})

test('numbers are printed as Go prints them: int64 in digits, float64 with an exponent from 1e6 on', () => {
  assert.is(numberText(1000000), '1000000')
  assert.is(numberText(9007199254740993n), '9007199254740993')
  assert.is(numberText(1e18), '1e+18')
  assert.is(doubleText(1000000), '1e+06')
  assert.is(doubleText(999999), '999999')
  assert.is(doubleText(0.00001), '1e-05')
})

test('numbers of YAML are those of the JSON that Go makes of it', () => {
  assert.ok(hasLongIntegers('a: 9007199254740993'))
  assert.ok(hasLongIntegers('a: 0x20000000000001'))
  assert.not(hasLongIntegers('a: 2026-11-29'))
  assert.equal(exactNumbers({ a: [1n, 9007199254740993n, 2n ** 64n, 1e18, 0.5], b: null }), {
    a: [1, 9007199254740993n, 2 ** 64, 10n ** 18n, 0.5],
    b: null,
  })
})

test('a float64 that looks like an int64 is told from it until it was written', () => {
  for (const text of ['1.0', '1e2', '0.1e1', '-0.0', '9007199254740991.0']) assert.instance(typedNumber(text), WholeFloat, text)
  for (const text of ['1', '-0', '1.5', '9007199254740992.0', '1e21']) assert.equal(typedNumber(text), numberOf(text), text)
  const value = { b: typedNumber('1e2'), a: [typedNumber('-0.0')] }
  assert.is(jsonText(value), '{"b":100,"a":[-0]}')
  assert.equal(alphabetical(value), { a: [0], b: 100 })
  assert.ok(sameJson(value, { a: [typedNumber('0.0')], b: typedNumber('100.0') }))
  for (const other of [100, {}, typedNumber('101.0')]) {
    assert.not(sameJson({ b: typedNumber('1e2') }, { b: other }))
    assert.not(sameJson({ b: other }, { b: typedNumber('1e2') }))
  }
})

test.run()
