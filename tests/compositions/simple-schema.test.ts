import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { expressionsIn } from '../../src/compositions/expression-text.ts'
import { SchemaProblem, structuralSchema } from '../../src/compositions/simple-schema.ts'

const types = { Port: { name: 'string | required=true', number: 'integer | minimum=1' }, Loop: { again: '[]Loop' } }
const problem = (short: unknown): string => {
  try {
    structuralSchema(short as never, types, 'spec')
  } catch (error) {
    if (error instanceof SchemaProblem) return `${error.field}: ${error.message}`
    throw error
  }
  return ''
}

test('types, lists, maps and named types', () => {
  const { properties } = structuralSchema(
    { a: 'string', b: '[]integer', c: 'map[string]Port', d: { e: 'boolean' } },
    types,
    'spec',
  )
  assert.equal(properties?.a, { type: 'string' })
  assert.equal(properties?.b, { type: 'array', items: { type: 'integer' } })
  const port = (properties?.c?.additionalProperties ?? {}) as { required?: string[]; properties?: object }
  assert.equal(port.required, ['name'])
  assert.equal(properties?.d, { type: 'object', properties: { e: { type: 'boolean' } } })
})

test('markers say defaults of the right type, bounds, choices, rules', () => {
  const short = {
    n: 'integer | default=3 minimum=1 maximum=9',
    size: 'string | default="10 Gi" enum="10 Gi,20 Gi" description="how \\"big\\""',
    tags: '[]string | default=["a"] uniqueItems=true',
    name: 'string | required=true immutable=true validation="self.size() < 9"',
  }
  const { properties = {}, required } = structuralSchema(short, {}, 'spec')
  assert.equal(properties.n, { type: 'integer', default: 3, minimum: 1, maximum: 9 })
  assert.equal(properties.size, { type: 'string', default: '10 Gi', enum: ['10 Gi', '20 Gi'], description: 'how "big"' })
  assert.equal(properties.tags?.default, ['a'])
  assert.equal(
    properties.name?.['x-kubernetes-validations']?.map((r) => r.rule),
    ['self == oldSelf', 'self.size() < 9'],
  )
  assert.equal(required, ['name'])
})

test('an object whose fields have defaults is there without being written', () => {
  const { properties } = structuralSchema({ db: { size: 'string | default="1Gi"' }, other: { a: 'string' } }, {}, 'spec')
  assert.equal(properties?.db?.default, {})
  assert.is(properties?.other?.default, undefined)
})

test('what cannot be read is told with its field', () => {
  assert.match(problem({ a: 'text' }), /^spec\.a: there is no type "text"; there are string/)
  assert.match(problem({ a: { b: 'integer | default=x' } }), /^spec\.a\.b: default=x: is no integer/)
  assert.match(problem({ a: 'string | size=1' }), /^spec\.a: there is no marker size/)
  assert.match(problem({ a: 'string | required' }), /^spec\.a: cannot read "required"/)
  assert.match(problem({ a: 'Loop' }), /contains itself: Loop → Loop/)
  assert.match(problem({ a: 3 }), /^spec\.a: must be a type/)
})

test('expressions in a text end at their own brace', () => {
  assert.is(expressionsIn('plain $ {text}'), undefined)
  assert.equal(expressionsIn('${a}'), { parts: [{ source: 'a' }], isWhole: true })
  assert.equal(expressionsIn('x-${ {"k}": m}["k}"] }-${b}'), {
    parts: ['x-', { source: '{"k}": m}["k}"]' }, '-', { source: 'b' }],
    isWhole: false,
  })
  assert.equal(expressionsIn('$${HOME}/${dir}'), { parts: ['${HOME}/', { source: 'dir' }], isWhole: false })
  assert.throws(() => expressionsIn('a ${b'), /no closing brace/)
  assert.throws(() => expressionsIn('${"b}'), /does not end/)
})

test.run()
