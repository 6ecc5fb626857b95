import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CustomResourceDefinition } from '../../src/crd/definition/definition.ts'
import type { JsonSchema } from '../../src/crd/schema/json-schema.ts'
import { typesOf } from '../../src/crd/types.ts'

const spec: JsonSchema = {
  type: 'object',
  required: ['size'],
  properties: {
    size: { type: 'integer' },
    port: { 'x-kubernetes-int-or-string': true },
    color: { type: 'string', enum: ['red', 'blue'], nullable: true },
    tags: { type: 'array', items: { type: 'string' } },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
}

test('a definition gives an interface per version', async () => {
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      names: { kind: 'Widget', plural: 'widgets' },
      versions: [{ name: 'v1', schema: { openAPIV3Schema: { type: 'object', properties: { spec } } } }],
    },
  } as CustomResourceDefinition
  const source = (await typesOf(definition)).replace(/\s+/g, ' ')
  for (const part of [
    'export interface WidgetV1 {',
    'apiVersion: "example.com/v1"',
    'kind: "Widget"',
    'size: number',
    'port?: (number | string)',
    'tags?: string[]',
    '"red" | "blue"',
  ]) {
    assert.ok(source.includes(part), `${part} in ${source}`)
  }
})

test.run()
