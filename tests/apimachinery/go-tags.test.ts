import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { exactNumbers } from '../../src/apimachinery/yaml/exact-numbers.ts'
import { goYaml } from '../../src/apimachinery/yaml/go-tags.ts'

const read = (text: string) => exactNumbers(parse(text, goYaml(text)))

test('words and numbers of YAML 1.1 are what go-yaml reads', () => {
  assert.equal(read('[y, Yes, on, TRUE]'), [true, true, true, true])
  assert.equal(read('[n, No, off, FALSE]'), [false, false, false, false])
  assert.equal(read('[0777, 0o777, -0o7, 0b101, -0x10, 1_000, 08, 1e3, .5]'), [511, 511, -7, 5, -16, 1000, 8, 1000, 0.5])
  assert.equal(read('{y: 1, 0777: 2}'), { true: 1, 511: 2 })
})

test('times and pairs of numbers are texts', () => {
  assert.equal(read('[2020-01-01, 2020-01-01T00:00:00Z, 22:22, 1:30.5]'), [
    '2020-01-01',
    '2020-01-01T00:00:00Z',
    '22:22',
    '1:30.5',
  ])
})

test('merge keys are merged, and binaries are the texts that they encode', () => {
  assert.equal(read('a: &a {x: 1}\nb: {<<: *a, y2: 2}\nc: !!binary YQ=='), { a: { x: 1 }, b: { x: 1, y2: 2 }, c: 'a' })
})

test('what JSON can not say is refused in the words of Go', () => {
  for (const [text, shown] of [
    ['.inf', '+Inf'],
    ['-.inf', '-Inf'],
    ['.nan', 'NaN'],
  ] as const) {
    let message = ''
    try {
      read(`a: ${text}`)
    } catch (error) {
      message = (error as Error).message
    }
    assert.is(message, `json: unsupported value: ${shown}`)
  }
})

test.run()
