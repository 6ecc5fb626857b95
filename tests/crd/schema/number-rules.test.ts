import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { atOnce } from '../../../src/apimachinery/steps.ts'
import { compileSchema } from '../../../src/crd/schema/compiled.ts'
import type { Json, JsonSchema } from '../../../src/crd/schema/json-schema.ts'

/** What a field `v` of `schema` is told about `value`: as kube-apiserver 1.36 tells it. */
const problems = (schema: JsonSchema, value: Json): string[] =>
  atOnce(compileSchema({ type: 'object', properties: { v: schema } }).validate({ v: value })).errors.map(
    ({ field, message }) => `${field}: ${message}`,
  )

const long = 9007199254740993n

test('an int64 is held against bounds as an int64, which bounds of float64 may have rounded', () => {
  assert.equal(problems({ type: 'integer', minimum: 2 ** 53 }, 2n ** 53n), [])
  assert.equal(problems({ type: 'integer', maximum: 2 ** 53 }, long), [
    `v: Invalid value: ${long}: v in body should be less than or equal to 9007199254740992`,
  ])
  assert.equal(problems({ type: 'integer', multipleOf: 3 }, long + 1n), [
    `v: Invalid value: ${long + 1n}: v in body should be a multiple of 3`,
  ])
})

test('fractions of bounds do not count for an int64, and bounds beyond 64 bits become the smallest', () => {
  assert.equal(problems({ type: 'number', minimum: -0.5, exclusiveMinimum: true }, 0), [
    'v: Invalid value: 0: v in body should be greater than 0',
  ])
  assert.equal(problems({ type: 'number', maximum: 1e20 }, 5), [
    'v: Invalid value: 5: v in body should be less than or equal to -9223372036854775808',
  ])
  assert.equal(problems({ type: 'number', multipleOf: 0.5 }, 1), [
    'v: Invalid value: 0: factor MultipleOf declared for v must be positive: 0',
  ])
})

test('bounds that an integer type can not have are told of, and compared as float64', () => {
  assert.equal(problems({ type: 'integer', minimum: 0.5 }, 1), [
    '<nil>: Invalid value: "": Minimum boundary value must be of type integer (default format) in v',
  ])
  assert.equal(problems({ type: 'integer', maximum: 2 ** 63 - 1024 }, 1), [])
  assert.equal(problems({ type: 'integer', maximum: 2 ** 63, exclusiveMaximum: true }, 2n ** 63n - 1n), [
    '<nil>: Invalid value: "": Maximum boundary value must be of type integer (default format) in v',
    'v: Invalid value: 9.223372036854776e+18: v in body should be less than 9.223372036854776e+18',
  ])
})

test('a float64 beyond 2^53 is no integer; one that is nearly whole is', () => {
  assert.equal(problems({ type: 'integer' }, 1e18), ['v: Invalid value: "number": v in body must be of type integer: "number"'])
  assert.equal(problems({ type: 'integer' }, 1.0000000001), [
    '<nil>: Invalid value: "": Checked value must be of type integer (default format) in v',
  ])
  assert.equal(problems({ type: 'number', format: 'float' }, 3.4028235e38), [])
})

test('a number is one of an enum when Go can convert it to one; null never is', () => {
  assert.equal(problems({ type: 'number', enum: [2 ** 53, long] }, long), [])
  assert.equal(problems({ type: 'number', enum: [1] }, 1.5), [])
  assert.equal(problems({ 'x-kubernetes-int-or-string': true, enum: ['A'] }, 65), [])
  assert.equal(problems({ type: 'number', enum: [1.5] }, 1e18), ['v: Unsupported value: 1e+18: supported values: "1.5"'])
  assert.equal(problems({ type: 'string', nullable: true, enum: ['a', null] }, null), [
    'v: Unsupported value: null: supported values: "a", "null"',
  ])
})

test('limits of one and below zero have words of their own', () => {
  assert.equal(problems({ type: 'string', maxLength: 1 }, 'ab'), ['v: Too long: may not be more than 1 byte'])
  assert.equal(problems({ type: 'string', maxLength: -1 }, ''), ['v: Too long: value is too long'])
  assert.equal(problems({ type: 'object', maxProperties: -1 }, {}), ['v: Too many: 0: has too many items'])
})

test('what is wrong and unchanged is let be only where the schema says something of all of it', () => {
  const schema = (inner: JsonSchema): JsonSchema => ({
    type: 'object',
    properties: { v: { type: 'object', required: ['q'], ...inner } },
  })
  const changed = (inner: JsonSchema, v: Json) =>
    atOnce(compileSchema(schema(inner)).validate({ v, w: 1 }, { v, w: 0 })).errors.length
  assert.is(changed({ properties: { a: { type: 'string' } } }, { a: 'x' }), 0)
  assert.is(changed({ 'x-kubernetes-preserve-unknown-fields': true }, { a: 'x' }), 1)
  assert.is(changed({ additionalProperties: { type: 'string' } }, { a: 'x' }), 0)
  assert.is(changed({ additionalProperties: true }, { a: 'x' }), 1)
})

test.run()
