import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { goJson, sortElements, valueElement } from '../../../../src/api/apply/fields/path-element.ts'

const order = (...texts: string[]) => sortElements(texts.map((text) => valueElement(text)))

test('items are sorted by their values, not by the quotes around them', () => {
  assert.equal(order('ab!', 'b', 'ab', ''), ['v:""', 'v:"ab"', 'v:"ab!"', 'v:"b"'])
  assert.equal(sortElements(['k:{"name":"a-1"}', 'k:{"name":"a"}', 'k:{"name":"a!"}']), [
    'k:{"name":"a"}',
    'k:{"name":"a!"}',
    'k:{"name":"a-1"}',
  ])
})

test('items with escapes, other types or several keys are sorted by what they mean', () => {
  assert.equal(order('b', '\n', 'a'), ['v:"\\n"', 'v:"a"', 'v:"b"'])
  assert.equal(sortElements(['v:"1"', 'v:10', 'v:9']), ['v:9', 'v:10', 'v:"1"'])
  const ports = ['k:{"containerPort":80,"protocol":"UDP"}', 'k:{"containerPort":9,"protocol":"TCP"}', 'f:a']
  assert.equal(sortElements([...ports]), ['f:a', ports[1], ports[0]])
})

test('a text is written as Go writes it, whatever is in it', () => {
  for (const text of ['plain-1./_ x', 'quote"', 'back\\slash', 'ü', '']) assert.is(goJson(text), JSON.stringify(text))
  assert.is(goJson('<&>'), '"\\u003c\\u0026\\u003e"')
})

test.run()
