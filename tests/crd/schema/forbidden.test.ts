import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { atOnce } from '../../../src/apimachinery/steps.ts'
import { withoutNulls } from '../../../src/crd/definition/nulls.ts'
import { defaultErrors } from '../../../src/crd/schema/default-errors.ts'
import { setFields } from '../../../src/crd/schema/go-dump.ts'
import type { Json, JsonSchema } from '../../../src/crd/schema/json-schema.ts'
import { nodeOf } from '../../../src/crd/schema/node.ts'
import { structuralErrors } from '../../../src/crd/schema/structural.ts'

const told = (schema: JsonSchema): string[] => atOnce(structuralErrors(schema, 'at')).map((e) => e.field)

test('an empty list type inside of a junctor is one all the same', () => {
  const inner = (key: string) => ({ type: 'object', anyOf: [{ [key]: '' }] }) as JsonSchema
  for (const key of ['x-kubernetes-list-type', 'x-kubernetes-map-type'])
    assert.equal(told(inner(key)), [`at.anyOf[0].${key}`], key)
})

test('required names of metadata are more than its names, though there are none', () => {
  const schema = (metadata: JsonSchema): JsonSchema => ({ type: 'object', properties: { metadata } })
  assert.equal(told(schema({ type: 'object', required: [] })), ['at.properties[metadata]'])
  assert.equal(told(schema({ type: 'object', 'x-kubernetes-map-type': '' })), ['at.properties[metadata]'])
  assert.equal(told(schema({ type: 'object', enum: [], patternProperties: {}, title: '' })), [])
})

test('what Go has a pointer for is set by false and by the empty text', () => {
  const schema: JsonSchema = {
    type: 'object',
    title: '',
    nullable: false,
    additionalProperties: false,
    $ref: '',
    'x-kubernetes-map-type': '',
  }
  assert.equal(setFields(schema), ['Ref', 'Type', 'AdditionalProperties', 'XMapType'])
})

test('dependencies that are nothing to Go are there, nulls elsewhere are not', () => {
  const schema = { dependencies: { a: null }, title: null, properties: { dependencies: null } }
  assert.equal(withoutNulls(schema as Json), { dependencies: { a: null }, properties: {} } as Json)
})

test('a default of int-or-string may be of any type', () => {
  const schema = (more: object): JsonSchema => ({
    type: 'object',
    properties: { a: { 'x-kubernetes-int-or-string': true, ...more } },
  })
  const problems = (more: object) => atOnce(defaultErrors(nodeOf(schema(more), 'defaults'), 'at')).length
  assert.is(problems({ default: [] }), 0)
  assert.is(problems({ default: true }), 0)
  assert.is(problems({ default: 'abc', maxLength: 2 }), 1)
})

test.run()
