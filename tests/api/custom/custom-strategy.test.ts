import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { customStrategy } from '../../../src/api/custom/custom-strategy.ts'
import { found } from '../../../src/api/kinds/kind.ts'
import type { KubeObject } from '../../../src/apimachinery/object.ts'
import { atOnce } from '../../../src/apimachinery/steps.ts'
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

test('a rule that an unchanged part broke before is warned of, however the request ends; a newly broken one is refused', () => {
  const warned: string[] = []
  const context = { subresource: '', warn: (text: string) => warned.push(text) } as unknown as Parameters<
    NonNullable<typeof strategy.validateUpdate>
  >[2]
  const problems = (now: KubeObject, old: KubeObject) => atOnce(found(strategy.validateUpdate?.(now, old, context)))
  assert.equal(problems(object(0, 'new'), object(0, 'old')), [])
  assert.is(warned.length, 1)
  assert.match(warned[0] ?? '', /^spec: Invalid value: .*too small$/)
  assert.is(problems(object(0, 'new'), object(2, 'old')).length, 1)
  const refused = problems(object(0, 1 as never), object(0, 'old'))
  assert.is(refused[0]?.field, 'other')
})

test('below allOf and anyOf nothing is excused alone: the whole value has to be unchanged', () => {
  const short = { maxLength: 3 }
  for (const junctor of [
    { allOf: [{ properties: { a: short } }] },
    { anyOf: [{ properties: { a: short } }, { properties: { b: short }, required: ['b'] }] },
  ]) {
    const text = { type: 'string' }
    const compiled = compileSchema({
      type: 'object',
      properties: { spec: { type: 'object', properties: { a: text, b: text }, ...junctor } },
    })
    const kept = customStrategy(definition as CustomResourceDefinition, version, compiled)
    const value = (b: string) => ({ metadata: { name: 'x', labels: { b } }, spec: { a: 'too long', b } }) as unknown as KubeObject
    const fields = (now: KubeObject, old: KubeObject) =>
      atOnce(found(kept.validateUpdate?.(now, old, { subresource: '' } as never))).map((e) => e.field)
    assert.equal(fields(value('too long'), value('too long')), [])
    assert.ok(fields(value('too long, too'), value('too long')).includes('spec.a'))
  }
})

test.run()
