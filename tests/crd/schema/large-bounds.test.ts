import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { atOnce } from '../../../src/apimachinery/steps.ts'
import { dumpSchema } from '../../../src/crd/schema/go-dump.ts'
import type { JsonSchema } from '../../../src/crd/schema/json-schema.ts'
import { openApiErrors } from '../../../src/crd/schema/openapi-errors.ts'
import { RuleCosts } from '../../../src/crd/schema/rule-errors.ts'

const options = {
  requireStructural: true,
  requireValidTypes: true,
  requireAtomicSets: true,
  requireListMapKeyRules: true,
  ignoreRuleCosts: false,
}
const large = 9007199254740992n as unknown as number

test('bounds beyond the numbers that are held exactly are bounds too', () => {
  const rule = { 'x-kubernetes-validations': [{ rule: 'self == self' }] }
  const schema: JsonSchema = {
    type: 'object',
    properties: {
      list: { type: 'array', maxItems: large, items: { type: 'string', maxLength: large } },
      map: { type: 'object', maxProperties: large, additionalProperties: { type: 'integer' } },
      text: { type: 'string', maxLength: large, ...rule },
    },
  }
  assert.type(atOnce(openApiErrors(schema, 'at', options, new RuleCosts())).length, 'number')
  assert.equal(
    atOnce(openApiErrors({ ...schema, ...rule }, 'at', options, new RuleCosts()))
      .map((e) => e.field)
      .includes('at'),
    false,
  )
})

test('dependencies are shown as Go holds them, a schema or names', () => {
  const shown = dumpSchema({ dependencies: { b: ['x'], a: { type: 'string' } } }).Dependencies as Record<string, object>
  assert.equal(Object.keys(shown), ['a', 'b'])
  assert.equal(shown.b, { Schema: null, Property: ['x'] })
  assert.is((shown.a as { Property: unknown }).Property, null)
  assert.is((shown.a as { Schema: { Type: string } }).Schema.Type, 'string')
})

test.run()
