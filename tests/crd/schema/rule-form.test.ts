import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { JsonSchema } from '../../../src/crd/schema/json-schema.ts'
import { ruleFormErrors } from '../../../src/crd/schema/rule-errors.ts'

const told = (schema: JsonSchema, fieldPath: string): string[] =>
  ruleFormErrors({ ...schema, 'x-kubernetes-validations': [{ rule: 'true', fieldPath }] }, 'at').map((error) => error.message)
const wrong = (path: string) => [`Invalid value: "${path}": must be a valid path`]

test('a field path must lead to a field of the schema', () => {
  const schema: JsonSchema = { type: 'object', properties: { a: { type: 'object', properties: { b: { type: 'string' } } } } }
  assert.equal(told(schema, '.a.b'), [])
  for (const path of ['.x', '.a.x', 'a', '.']) assert.equal(told(schema, path), wrong(path))
})

test('any name leads into additionalProperties, even where those are only allowed', () => {
  assert.equal(told({ type: 'object', additionalProperties: { type: 'string' } }, ".['x']"), wrong(".['x']"))
  assert.equal(told({ type: 'object', additionalProperties: { type: 'string' } }, "['x']"), [])
  assert.equal(told({ type: 'object', additionalProperties: false, properties: {} }, '.x'), [])
})

test('field paths of schemas that structural ones have no place for are not looked at', () => {
  const odd: JsonSchema[] = [
    { id: 'x' },
    { patternProperties: { '^a': { type: 'string' } } },
    { 'x-kubernetes-preserve-unknown-fields': false },
    { additionalItems: true },
    { items: [{ type: 'string' }] },
  ]
  for (const inner of odd) {
    assert.equal(told({ type: 'object', properties: { a: inner } }, '.x'), [], JSON.stringify(inner))
    assert.equal(told({ type: 'object', properties: { a: {} }, anyOf: [inner] }, '.x'), [], JSON.stringify(inner))
  }
  assert.equal(told({ type: 'object', properties: { a: { 'x-kubernetes-preserve-unknown-fields': true } } }, '.x'), wrong('.x'))
})

test.run()
