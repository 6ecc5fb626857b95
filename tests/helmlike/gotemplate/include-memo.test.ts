import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chartFromFiles } from '../../../src/helmlike/chart/load.ts'
import type { Host } from '../../../src/helmlike/functions/host.ts'
import { IncludeMemo } from '../../../src/helmlike/gotemplate/include-memo.ts'
import type { Value, ValueMap } from '../../../src/helmlike/gotemplate/value.ts'
import { render } from '../../../src/helmlike/render/render.ts'

const SUB = 'apiVersion: v2\nname: sub\nversion: 1.0.0\n'

/** What the notes of a chart come to: `text`, with named templates in a file of their own. */
async function rendered(
  text: string,
  helpers: string,
  { host = {}, files = {} }: { host?: Partial<Host>; files?: { [name: string]: string } } = {},
): Promise<string> {
  const all = {
    'Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.2.3\n',
    'values.yaml': 'val: one\na: {k: one, b: {k: one}}\nlist: [{k: one}]\n',
    'templates/_helpers.tpl': helpers,
    'templates/NOTES.txt': text,
    ...files,
  }
  const chart = chartFromFiles(Object.entries(all).map(([name, t]) => ({ name, data: Buffer.from(t) })))
  const { notes } = await render(chart, new Map(), {
    release: { name: 'rel', namespace: 'ns', revision: 1, isUpgrade: false },
    subNotes: true,
    host,
  })
  return notes
}

const define = (name: string, body: string) => `{{- define "${name}" -}}${body}{{- end -}}`
const N = define('x', '{{ .Values.val }}')

test('a template runs once for a root context, and again for another', () => {
  const memo = new IncludeMemo()
  const [a, b]: ValueMap[] = [new Map(), new Map()]
  for (const root of [a, b]) memo.addRoot(root as ValueMap)
  let runs = 0
  const ask = (name: string, context: Value) => memo.text(name, context, () => `${name}${++runs}`)
  assert.equal([ask('x', a), ask('x', a), ask('y', a), ask('x', b), ask('x', a)], ['x1', 'x1', 'y2', 'x3', 'x1'])
  assert.equal([ask('x', new Map()), ask('x', undefined), ask('x', 'text')], ['x4', 'x5', 'x6'])
})

test('an include that another stands in is kept, too', () => {
  const memo = new IncludeMemo()
  const root: ValueMap = new Map()
  memo.addRoot(root)
  let inner = 0
  const ask = () => memo.text('inner', root, () => String(++inner))
  assert.is(memo.text('outer', root, ask) + memo.text('other', root, ask) + ask(), '111')
})

test('nothing is kept of what learned something from outside, nor of what stands around it', () => {
  const memo = new IncludeMemo()
  const root: ValueMap = new Map()
  memo.addRoot(root)
  let runs = 0
  const inner = () =>
    memo.text('inner', root, () => {
      memo.learning()
      return String(++runs)
    })
  const ask = () => memo.text('outer', root, inner)
  assert.is(ask() + ask(), '12')
})

test('below a hundred includes nothing is kept', () => {
  const memo = new IncludeMemo()
  const root: ValueMap = new Map()
  memo.addRoot(root)
  let runs = 0
  const deep = (left: number): string => memo.text(`t${left}`, root, () => (left === 0 ? String(++runs) : deep(left - 1)))
  deep(99)
  deep(99)
  assert.is(runs, 1)
  deep(200)
  deep(200)
  assert.is(runs, 1 + 2, 'the memo is off once 100 is passed')
})

for (const [name, change] of [
  ['set', 'set .Values "val" "two"'],
  ['set through an alias', 'set $v "val" "two"'],
  ['set of the root context', 'set . "Values" (dict "val" "two")'],
  ['set through AsMap', 'set .Values.AsMap "val" "two"'],
  ['merge', 'merge (unset .Values "val") (dict "val" "two")'],
  ['mergeOverwrite', 'mergeOverwrite .Values (dict "val" "two")'],
] as const) {
  test(`an include after a change by ${name} sees it`, async () => {
    const text = `{{ $v := .Values }}{{ include "x" . }} {{ $_ := ${change} }}{{ include "x" . }}`
    assert.is(await rendered(text, N), 'one two')
  })
}

test('an include after unset sees it', async () => {
  assert.is(await rendered('{{ include "x" . }}{{ $_ := unset .Values "val" }} [{{ include "x" . }}]', N), 'one []')
})

test('a change inside an include is made again each time, and seen by the next', async () => {
  const helpers = define('x', '{{ $_ := set .Values "val" (printf "%s!" .Values.val) }}{{ .Values.val }}')
  assert.is(await rendered('{{ include "x" . }} {{ include "x" . }} {{ include "x" . }}', helpers), 'one! one!! one!!!')
})

test('a change of a map that is reached by two ways is seen', async () => {
  const helpers = define('x', '{{ .Values.a.b.k }}')
  const alias = '{{ $b := get .Values.a "b" }}{{ include "x" . }} {{ $_ := set $b "k" "two" }}{{ include "x" . }}'
  assert.is(await rendered(alias, helpers), 'one two')
  const element = '{{ include "x" . }} {{ range .Values.list }}{{ $_ := set . "k" "two" }}{{ end }}{{ include "x" . }}'
  assert.is(await rendered(element, define('x', '{{ (first .Values.list).k }}')), 'one two')
})

test('a dict that was put into the values is data from then on', async () => {
  const helpers = define('x', '{{ .Values.d.e.k }}')
  const text =
    '{{ $e := dict "k" "one" }}{{ $d := dict "e" $e }}{{ $_ := set .Values "d" $d }}{{ include "x" . }} ' +
    '{{ $_ := set $e "k" "two" }}{{ include "x" . }} {{ $_ := set $d "e" (dict "k" "three") }}{{ include "x" . }}'
  assert.is(await rendered(text, helpers), 'one two three')
})

test('merging into a dict changes the data that the dict holds', async () => {
  const text =
    '{{ include "x" . }} {{ $_ := mergeOverwrite (dict "a" .Values.a) (dict "a" (dict "k" "two")) }}{{ include "x" . }}'
  assert.is(await rendered(text, define('x', '{{ .Values.a.k }}')), 'one two')
})

test('random and passing things are new each time', async () => {
  for (const f of ['randAlphaNum 12', 'uuidv4', 'genPrivateKey "ed25519"', 'randBytes 9', 'htpasswd "u" "p"']) {
    const [a, b] = (await rendered('{{ include "x" . }}|{{ include "x" . }}', define('x', `{{ ${f} }}`))).split('|')
    assert.is.not(a, b, f)
  }
  let n = 0
  const host: Partial<Host> = {
    now: () => new Date(++n * 1000),
    lookup: () => new Map([['n', String(++n)]]),
    hostByName: () => String(++n),
  }
  for (const f of ['now | unixEpoch', '(lookup "v1" "Pod" "" "").n', 'getHostByName "h"']) {
    n = 0
    assert.is(
      await rendered('{{ include "x" . }} {{ include "y" . }}', define('x', `{{ ${f} }}`) + define('y', '{{ include "x" . }}'), {
        host,
      }),
      '1 2',
    )
  }
})

test('what names the running file is not taken from another file', async () => {
  for (const body of [
    '.Template.Name',
    '(get . "Template").Name',
    '(index . "Template").Name',
    '(pick . "Template").Template.Name',
    '(omit . "Values").Template.Name',
    '(deepCopy .).Template.Name',
    '(dig "Template" "" (merge (dict) .)).Name',
  ]) {
    const helpers = define('x', `{{ ${body} }}`) + define('y', '{{ include "x" . }}')
    const files = { 'templates/a/NOTES.txt': '{{ include "y" . }}', 'templates/NOTES.txt': '{{ include "y" . }}' }
    assert.is(await rendered('', helpers, { files }), 'c/templates/a/NOTES.txt\nc/templates/NOTES.txt', body)
  }
  const helpers = define('x', '{{ range $k, $v := . }}{{ if eq $k "Template" }}{{ $v.Name }}{{ end }}{{ end }}')
  const files = { 'templates/a/NOTES.txt': '{{ include "x" . }}', 'templates/NOTES.txt': '{{ include "x" . }}' }
  assert.is(await rendered('', helpers, { files }), 'c/templates/a/NOTES.txt\nc/templates/NOTES.txt')
})

test('within tpl a name may mean another template', async () => {
  const text = '{{ include "x" . }} {{ tpl "{{ define \\"x\\" }}mine{{ end }}{{ include \\"x\\" . }}" . }} {{ include "x" . }}'
  assert.is(await rendered(text, N), 'one mine one')
})

test('tpl in an include is run again when its text changed', async () => {
  const text = '{{ include "x" . }} {{ $_ := set .Values "val" "{{ .Values.a.k }}!" }}{{ include "x" . }}'
  assert.is(await rendered(text, define('x', '{{ tpl .Values.val . }}')), 'one one!')
})

test('contexts made by dict, texts and nil are each their own', async () => {
  const helpers =
    define('x', '{{ .k }}') +
    define('y', '{{ . }}') +
    define('z', '{{ include "n" .root }}{{ .k }}') +
    define('n', '{{ .Values.val }}')
  assert.is(await rendered('{{ include "x" (dict "k" 1) }} {{ include "x" (dict "k" 2) }}', helpers), '1 2')
  assert.is(await rendered('{{ include "y" "a" }} {{ include "y" "b" }} {{ include "y" 3 }}', helpers), 'a b 3')
  assert.is(
    await rendered('{{ $d := dict "k" 1 }}{{ include "x" $d }} {{ $_ := set $d "k" 2 }}{{ include "x" $d }}', helpers),
    '1 2',
  )
  assert.is(
    await rendered('{{ include "z" (dict "root" $ "k" 1) }} {{ include "z" (dict "root" . "k" 2) }}', helpers),
    'one1 one2',
  )
})

test('a dependency has a context of its own', async () => {
  const files = {
    'charts/sub/Chart.yaml': SUB,
    'charts/sub/values.yaml': 'val: sub\n',
    'charts/sub/templates/NOTES.txt': '{{ include "x" . }}',
  }
  assert.is(
    await rendered('{{ include "x" . }} {{ include "x" .Subcharts.sub }} {{ include "x" . }}', N, { files }),
    'sub\none sub one',
  )
})

test('errors are those of a first include, and recursion ends', async () => {
  const message = async (text: string, helpers: string) => {
    try {
      return `no error: ${await rendered(text, helpers)}`
    } catch (e) {
      return (e as Error).message
    }
  }
  assert.match(
    await message('{{ include "x" . }}{{ include "x" . | fail }}', N),
    /execution error at \(c\/templates\/NOTES\.txt:1:\d+\): one/,
  )
  assert.match(
    await message('{{ include "x" . }}', define('x', '{{ include "y" . }}{{ fail "no" }}') + define('y', 'y')),
    /execution error at \(c\/templates\/NOTES\.txt:1:\d+\): no$/,
  )
  assert.match(
    await message('{{ include "x" . }}', define('x', '{{ include "x" . }}')),
    /rendering template has a nested reference name: x: unable to execute template|templates call each other too deeply/,
  )
  const changed = '{{ include "x" . }}{{ $_ := set .Values "a" "text" }}{{ include "x" . }}'
  assert.match(await message(changed, define('x', '{{ .Values.a.k }}')), /can't evaluate field k in type interface/)
})

test.run()
