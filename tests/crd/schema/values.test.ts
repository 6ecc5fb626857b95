import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { FieldError } from '../../../src/apimachinery/field-error.ts'
import { parseJson } from '../../../src/apimachinery/json.ts'
import { atOnce } from '../../../src/apimachinery/steps.ts'
import { compileSchema } from '../../../src/crd/schema/compiled.ts'
import type { Json, JsonObject, JsonSchema } from '../../../src/crd/schema/json-schema.ts'

interface Recorded {
  readonly name: string
  readonly spec: Json
  /** What an update replaces. */
  readonly old?: Json
  readonly strict?: boolean
  readonly code: number
  readonly stored?: Json
  readonly message?: string
  readonly causes?: { reason: string; field: string; message: string }[]
  readonly warnings?: string[]
}

const { schema, cases } = parseJson(readFileSync('tests/data/crd/values.json', 'utf8')) as {
  schema: JsonSchema
  cases: Recorded[]
}
const compiled = compileSchema(schema)

const objectOf = (spec: Json): JsonObject => ({
  apiVersion: 'g.example.com/v1',
  kind: 'W',
  metadata: { name: 'x' },
  ...(spec === null ? {} : { spec }),
})

/** Reads an object as the API server does. */
function read(spec: Json): { object: JsonObject; unknown: string[]; problem?: string } {
  const coerced = compiled.coerceEmbedded(objectOf(spec))
  if (coerced.error) return { object: {}, unknown: [], problem: `${coerced.error.field}: ${coerced.error.message}` }
  const { object, unknown } = atOnce(compiled.pruneSteps(coerced.value as JsonObject))
  return { object: compiled.default(compiled.dropNulls(object)), unknown: [...coerced.unknown, ...unknown] }
}

const text = ({ type, field, message }: FieldError): string => `${type} ${field}: ${message}`
const warning = ({ field, message }: FieldError): string => `299 - ${JSON.stringify(`${field}: ${message}`)}`

for (const recorded of cases) {
  test(`value: ${recorded.name}`, () => {
    const { object, unknown, problem } = read(recorded.spec)
    if (problem !== undefined) {
      assert.ok(recorded.message?.includes(problem), `${problem} in ${recorded.message}`)
      return
    }
    if (recorded.strict && recorded.message !== undefined) {
      assert.ok(unknown.length > 0)
      for (const path of unknown) assert.ok(recorded.message.includes(`unknown field "${path}"`), path)
      return
    }
    const old = recorded.old === undefined ? undefined : compiled.default(objectOf(recorded.old))
    const { errors, warnings } = atOnce(compiled.validate(object, old))
    const causes = (recorded.causes ?? []).map(({ reason, field, message }) => `${reason} ${field}: ${message}`)
    assert.equal(errors.map(text).sort(), causes.sort())
    if (recorded.stored !== undefined && recorded.stored !== null) assert.equal(object.spec, recorded.stored)
    const told = [...unknown.map((path) => `299 - ${JSON.stringify(`unknown field "${path}"`)}`), ...warnings.map(warning)]
    assert.equal(told.sort(), [...(recorded.warnings ?? [])].sort())
  })
}

test('keys of Object.prototype are keys like others', () => {
  const open = compileSchema({
    type: 'object',
    properties: { m: { type: 'object', additionalProperties: { type: 'string' } }, d: { type: 'object', properties: {} } },
  })
  const given = parseJson('{"m":{"__proto__":"a","constructor":"b"},"d":{"__proto__":{"x":1}},"toString":1}') as JsonObject
  const { object, unknown } = atOnce(open.pruneSteps(given))
  assert.is(JSON.stringify(object), '{"m":{"__proto__":"a","constructor":"b"},"d":{}}')
  assert.equal(unknown, ['d.__proto__', 'toString'])
  assert.equal(atOnce(open.validate(object)).errors, [])
  assert.is(JSON.stringify(given), '{"m":{"__proto__":"a","constructor":"b"},"d":{"__proto__":{"x":1}},"toString":1}')
})

test.run()
