import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { customStrategy } from '../../../src/api/custom/custom-strategy.ts'
import type { KubeObject } from '../../../src/apimachinery/object.ts'
import type { CustomResourceDefinition } from '../../../src/crd/definition/definition.ts'
import { compileSchema } from '../../../src/crd/schema/compiled.ts'

const spec = {
  type: 'object',
  properties: { a: { type: 'integer' } },
  'x-kubernetes-validations': [{ rule: 'self.a > 1', message: 'too small' }],
}
const schema = compileSchema({ type: 'object', properties: { spec, other: { type: 'string' } } })
const version = { name: 'v1', served: true, storage: true }
const definition = { metadata: { name: 'ws.example.com' }, spec: { group: 'example.com', names: { kind: 'W' } } }
const strategy = customStrategy(definition as CustomResourceDefinition, version, schema)
const object = (a: number, other: string) => ({ metadata: { name: 'x' }, spec: { a }, other }) as unknown as KubeObject

test('a rule that an unchanged part broke before is warned of, a newly broken one refused', () => {
  const context = { subresource: '' } as Parameters<NonNullable<typeof strategy.validateUpdate>>[2]
  const kept = object(0, 'new')
  assert.equal(strategy.validateUpdate?.(kept, object(0, 'old'), context), [])
  assert.match(strategy.warnings?.(kept, object(0, 'old'), context)[0] ?? '', /^spec: Invalid value: .*too small$/)
  assert.is(strategy.validateUpdate?.(object(0, 'new'), object(2, 'old'), context).length, 1)
})

test.run()
