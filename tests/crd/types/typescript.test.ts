import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CustomResourceDefinition } from '../../../src/crd/definition/definition.ts'
import type { JsonSchema } from '../../../src/crd/schema/json-schema.ts'
import { typesOf } from '../../../src/crd/types/typescript.ts'

const spec: JsonSchema = {
  type: 'object',
  description: 'Ends a comment */ early.',
  required: ['size'],
  properties: {
    size: { type: 'integer' },
    copies: { type: 'integer', default: 1 },
    port: { 'x-kubernetes-int-or-string': true },
    color: { type: 'string', enum: ['red', 'blue'], nullable: true },
    tags: { type: 'array', items: { type: 'string' } },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    inner: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
  },
}

const widgets = (group = 'example.com'): CustomResourceDefinition => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `widgets.${group}` },
  spec: {
    group,
    names: { kind: 'Widget', plural: 'widgets' },
    scope: 'Namespaced',
    versions: [
      { name: 'v1', storage: true, schema: { openAPIV3Schema: { type: 'object', required: ['spec'], properties: { spec } } } },
      { name: 'v1beta1', schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } },
    ],
  },
})

test('a definition gives an interface and a typed kind of the same name for each version', async () => {
  const source = (await typesOf([widgets()])).replace(/\s+/g, ' ')
  for (const part of [
    "import type { ObjectMeta, Resource } from 'slipway/operators'",
    'export interface Widget {',
    "apiVersion?: 'example.com/v1'",
    "kind?: 'Widget'",
    'metadata: ObjectMeta',
    'spec: {',
    'size: number',
    // The server fills it in: readers find it.
    'copies: number',
    'port?: number | string',
    'tags?: string[]',
    "color?: ('red' | 'blue') | null",
    "export const Widget: Resource<Widget> = { group: 'example.com', version: 'v1', resource: 'widgets', kind: 'Widget', namespaced: true, }",
    'export interface WidgetV1beta1 {',
    'export const WidgetV1beta1: Resource<WidgetV1beta1>',
  ]) {
    assert.ok(source.includes(part), `${part} in ${source}`)
  }
})

test('kinds of one name in two groups do not fit into one module, and it is said whose they are', async () => {
  try {
    await typesOf([widgets(), widgets('other.org')])
    assert.unreachable()
  } catch (error) {
    assert.match((error as Error).message, 'widgets.other.org and widgets.example.com both have the kind Widget')
  }
})

test.run()
