import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { canonical, canonicalizerOf } from '../../../src/api/schema/canonical.ts'
import { structType } from '../../../src/api/schema/types.ts'

const schema = structType('apiextensions/v1.JSONSchemaProps')

test('fields come into the order of Go, whatever order they are given in', () => {
  const given = { items: { type: 'string' }, required: ['a'], description: 'x', type: 'object' }
  const made = canonical<object>(schema, given)
  assert.equal(Object.keys(made), ['description', 'type', 'required', 'items'])
  assert.equal(made, given)
  // A field that shows when it is absent, and comes late.
  const pod = canonical<object>(structType('core/v1.Pod'), {
    status: { phase: 'Running' },
    spec: { containers: [] },
    metadata: { name: 'a' },
  })
  assert.equal(Object.keys(pod), ['metadata', 'spec', 'status'])
  assert.equal(pod, { metadata: { name: 'a' }, spec: { containers: [] }, status: { phase: 'Running' } })
})

test('a value is converted once at each level, in whatever order its fields are: not twice as often with each level', () => {
  let deep: object = { type: 'string' }
  for (let level = 0; level < 60; level++) deep = { items: deep, type: 'array' }
  assert.equal(canonical(schema, deep), deep)
})

test('an empty managedFields is something in the metadata of an object, and nothing in that of a template', () => {
  const template = { metadata: { managedFields: [], name: 't' }, spec: { containers: [] } }
  const written = canonicalizerOf(structType('core/v1.PodTemplate'), 'written')
  const made = written({ metadata: { name: 'a', managedFields: [] }, template }) as {
    metadata: object
    template: { metadata: object }
  }
  assert.equal(made.metadata, { name: 'a', managedFields: [] })
  assert.equal(made.template.metadata, { name: 't' })
})

test.run()
