import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { yamlText, yamlTextSteps } from '../../../src/api/pipeline/yaml-text.ts'
import { atOnce } from '../../../src/apimachinery/steps.ts'

test('what would be read as another type is quoted twice, what would be read as syntax once', () => {
  assert.is(
    yamlText({ a: 'true', b: '1e3', c: '- x', d: 'plain', e: '', f: '1:30' }),
    'a: "true"\nb: "1e3"\nc: \'- x\'\nd: plain\ne: ""\nf: "1:30"\n',
  )
})

test("keys are in go-yaml's order, numbers in them by value; a dot needs no quotes", () => {
  assert.is(yamlText({ k10: 1, k9: {}, '.': [] }), '.: []\nk9: {}\nk10: 1\n')
})

test('lists of a map are not indented, lists of a list are', () => {
  assert.is(yamlText({ a: [{ b: 1, c: [2, [3]] }] }), 'a:\n- b: 1\n  c:\n  - 2\n  - - 3\n')
})

test('a long text is broken at the first space behind column 80', () => {
  const text = `${'x'.repeat(70)} yy zzzzzzzz end`
  assert.is(yamlText({ key: text }), `key: ${'x'.repeat(70)} yy zzzzzzzz\n  end\n`)
})

test('lines are kept as a block', () => {
  assert.is(yamlText({ a: 'x\ny\n' }), 'a: |\n  x\n  y\n')
})

const item = (i: number) => ({
  metadata: { name: `n${i}`, labels: {} },
  data: { b: 'yes', a: `line\nof ${i}` },
  list: [[], [i, null]],
})

function inSteps(object: object): string {
  let text = ''
  const put = (part: string) => {
    text += part
  }
  atOnce(yamlTextSteps(object, put))
  return text
}

test('a list written in steps is as it is written at once', () => {
  for (const n of [0, 1, 25, 300]) {
    const items = Array.from({ length: n }, (_, i) => item(i))
    const list = { kind: 'List', apiVersion: 'v1', metadata: { continue: '', resourceVersion: '7' }, none: undefined, items }
    assert.is(inSteps(list), yamlText(list), String(n))
  }
  for (const items of [null, [null, 1.5, 'on']]) assert.is(inSteps({ items }), yamlText({ items }))
})

test('what is large inside of something, under long keys too, is written in steps as at once', () => {
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${(i * 7) % 300}`, i % 3 ? 'on' : `line\n${i}`]))
  const long = 'x'.repeat(200)
  const rows = Array.from({ length: 300 }, (_, i) => [i, { i }])
  for (const value of [
    many,
    { a: many },
    [many, rows],
    { [long]: many, [`${long}y`]: rows, none: undefined },
    { a: [{ b: rows }] },
  ]) {
    assert.is(inSteps(value), yamlText(value))
  }
})

test('numbers are written as go-yaml writes what it reads of their JSON', () => {
  const numbers = [1e20, 2 ** 63, 1e21, 1234567.5, 0.25, 2n ** 63n - 1n, 1000000]
  const texts = ['1e+20', '9223372036854776000', '1e+21', '1.2345675e+06', '0.25', '9223372036854775807', '1000000']
  assert.is(yamlText({ numbers }), `numbers:\n${texts.map((text) => `- ${text}\n`).join('')}`)
})

test('a text that looks like a number is quoted, but not one that is beyond float64', () => {
  assert.is(yamlText({ a: '1e308', b: '1e400', c: '1_0' }), 'a: "1e308"\nb: 1e400\nc: "1_0"\n')
})

test.run()
