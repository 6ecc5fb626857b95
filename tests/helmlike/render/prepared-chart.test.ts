import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Chart } from '../../../src/helmlike/chart/chart.ts'
import { chartFromFiles } from '../../../src/helmlike/chart/load.ts'
import { Int, type Value, type ValueMap } from '../../../src/helmlike/gotemplate/value.ts'
import { render } from '../../../src/helmlike/render/render.ts'

const METADATA = 'apiVersion: v2\nname: c\nversion: 1.2.3\n'

function chartOf(files: { [name: string]: string }): Chart {
  const all = { 'Chart.yaml': METADATA, ...files }
  return chartFromFiles(Object.entries(all).map(([name, text]) => ({ name, data: Buffer.from(text) })))
}

async function notes(chart: Chart, values: ValueMap = new Map(), warn: (message: string) => void = () => {}): Promise<string> {
  const release = { name: 'rel', namespace: 'ns', revision: 1, isUpgrade: false }
  return (await render(chart, values, { release, warn, subNotes: true })).notes
}

test('what templates change in one render is not there in the next', async () => {
  const chart = chartOf({
    'values.yaml': 'a: {count: 1}\n',
    'templates/NOTES.txt': '{{ $_ := set .Values.a "count" (add1 .Values.a.count) }}{{ .Values.a.count }}',
  })
  assert.equal([await notes(chart), await notes(chart), await notes(chart)], ['2', '2', '2'])
})

test('nor is what was changed before a render failed', async () => {
  const chart = chartOf({
    'values.yaml': 'a: {n: one}\n',
    'templates/NOTES.txt': '{{ .Values.a.n }}{{ $_ := set .Values.a "n" "two" }}{{ .Values.a.n | int64 | fail }}',
  })
  const messages: string[] = []
  for (let i = 0; i < 2; i++) await notes(chart).catch((e: Error) => messages.push(e.message))
  assert.is(messages.length, 2)
  assert.is(messages[0], messages[1])
})

test('renders that run at the same time do not share values', async () => {
  const chart = chartOf({
    'values.yaml': 'val: one\n',
    'templates/NOTES.txt': '{{ .Values.val }}{{ $_ := set .Values "val" (snakecase "TWO") }}{{ .Values.val }}',
  })
  assert.equal(await Promise.all([notes(chart), notes(chart), notes(chart)]), ['onetwo', 'onetwo', 'onetwo'])
})

test('values that look alike are not taken for one another', async () => {
  const chart = chartOf({ 'templates/NOTES.txt': '{{ kindOf .Values.v }}' })
  const kinds: string[] = []
  const all: Value[] = [1, new Int(1n, 'int64'), '1', true, 'true', null, 'null', [], new Map(), '[]', ['a,b'], ['a', 'b']]
  for (const v of [...all, ...all]) kinds.push(await notes(chart, new Map([['v', v]])))
  const want = ['float64', 'int64', 'string', 'bool', 'string', 'invalid', 'string', 'slice', 'map', 'string', 'slice', 'slice']
  assert.equal(kinds, [...want, ...want])
})

test('values that the caller changes afterwards are other values', async () => {
  const chart = chartOf({ 'templates/NOTES.txt': '{{ .Values.a.b }}{{ $_ := set .Values "x" "y" }}' })
  const inner: ValueMap = new Map([['b', 'one']])
  const values: ValueMap = new Map([['a', inner]])
  assert.is(await notes(chart, values), 'one')
  inner.set('b', 'two')
  assert.is(await notes(chart, values), 'two')
  assert.is(await notes(chart, new Map([['a', new Map([['b', 'one']])]])), 'one')
})

test('a chart that got other values of its own is worked out anew', async () => {
  const chart = chartOf({ 'values.yaml': 'val: one\n', 'templates/NOTES.txt': '{{ .Values.val }}' })
  assert.is(await notes(chart), 'one')
  chart.values = new Map([['val', 'two']])
  assert.is(await notes(chart), 'two')
})

test('warnings come with every render, and values that break the schema are refused every time', async () => {
  const chart = chartOf({
    'values.yaml': 'a: {b: 1}\n',
    'values.schema.json': '{"properties": {"v": {"type": "string"}}}',
    'templates/NOTES.txt': 'x',
  })
  const warnings: string[] = []
  const values: ValueMap = new Map([['a', new Map([['b', new Map([['c', 'd']])]])]])
  for (let i = 0; i < 2; i++) await notes(chart, values, (message) => warnings.push(message))
  assert.is(warnings.length % 2, 0)
  const half = warnings.length / 2
  assert.ok(half > 0)
  assert.equal(warnings.slice(0, half), warnings.slice(half))
  for (let i = 0; i < 2; i++) {
    const message = await notes(chart, new Map([['v', true]])).catch((e: Error) => e.message)
    assert.match(message, /got boolean, want string/)
  }
})

test.run()
