import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { write } from './charts-on-disk.ts'
import { hasHelm, helm, ours } from './real-helm.ts'

/** What users of charts do wrong, and what is said to them: Helm's words, then the value, the name or the block that was meant, and where it is. */
const folder = mkdtempSync(join(tmpdir(), 'mistakes-'))
const env = { ...process.env, HOME: folder, KUBECONFIG: join(folder, 'none') }
let isNew = false

const HELPERS = `{{- define "c.labels" -}}
app: {{ .Values.nam.x }}
{{- end -}}
{{- define "c.full" -}}
{{ include "c.labels" . }}
{{- end -}}
`
const VALUES = `image:
  repository: nginx
  tag: "1"
service:
  port: 80
list: [a, b]
name: web
password: hunter2
`
const chart = (template: string, more: Readonly<Record<string, string>> = {}) => {
  rmSync(join(folder, 'c'), { recursive: true, force: true })
  write(join(folder, 'c'), {
    'Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n',
    'values.yaml': VALUES,
    'templates/_h.tpl': HELPERS,
    'templates/a.yaml': template,
    ...more,
  })
}

test.before(async () => {
  isNew = hasHelm && /v4\.([3-9]|\d\d)/.test((await helm(['version', '--short'], env, folder)).stdout)
})
test.after(() => rmSync(folder, { recursive: true }))

/** What is wrong with a template, Helm's own words (which real Helm is asked for, too), and ours. */
const MISTAKES: readonly (readonly [what: string, template: string, words: RegExp, hint: string | undefined])[] = [
  [
    'a misspelt value',
    'a: {{ .Values.imge.repository }}',
    /c\/templates\/a\.yaml:1:13\n.* at <\.Values\.imge\.repository>:\n +nil pointer evaluating interface \{\}\.repository/,
    'did you mean image instead of imge?',
  ],
  [
    'a misspelt value piped into a function',
    'a: {{ .Values.image.repositry | upper }}',
    /invalid value; expected string/,
    'did you mean repository instead of repositry?',
  ],
  ['two letters that changed places', 'a: {{ .Values.imgae.tag }}', /nil pointer/, 'did you mean image instead of imgae?'],
  ['a map that is not there', 'a: {{ .Values.persistence.size }}', /nil pointer/, '.Values.persistence is not set'],
  ['a misspelt object', 'a: {{ .Vlaues.name }}', /nil pointer/, 'did you mean Values instead of Vlaues?'],
  [
    'a field of what has none',
    'a: {{ .Values.name.first }}',
    /can't evaluate field first/,
    '.Values.name is the string "web", from c/values.yaml:7:7',
  ],
  [
    'a number where a function wants a string',
    'a: {{ .Values.service.port | upper }}',
    /wrong type for value; expected string; got float64/,
    '.Values.service.port is the number 80, from c/values.yaml:5:9',
  ],
  [
    'a map where a function wants a string',
    'a: {{ .Values.image | b64enc }}',
    /wrong type for value/,
    '.Values.image is a map of repository, tag, from c/values.yaml:2:3',
  ],
  [
    'a loop over a string',
    'a: {{ range .Values.name }}x{{ end }}',
    /range can't iterate over web/,
    '.Values.name is the string "web", from c/values.yaml:7:7',
  ],
  [
    'an index past the end',
    'a: {{ index .Values.list 5 }}',
    /index out of range: 5/,
    '.Values.list is a list of 2, from c/values.yaml:6:7',
  ],
  [
    'a comparison of a string and a number',
    'a: {{ eq .Values.name 1 }}',
    /incompatible types/,
    '.Values.name is the string "web", from c/values.yaml:7:7',
  ],
  [
    'a secret is not shown',
    'a: {{ .Values.password.x }}',
    /can't evaluate field x/,
    '.Values.password is a string that is not shown, from c/values.yaml:8:11',
  ],
  ['a misspelt template', 'a: {{ include "c.ful" . }}', /no template "c\.ful"/, 'did you mean c.full?'],
  ['a misspelt function', 'a: {{ uppr "x" }}', /function "uppr" not defined/, 'did you mean upper?'],
  ['a misspelt method', 'a: {{ .Files.Gt "x" }}', /Gt is not a method/, 'did you mean Get instead of Gt?'],
  [
    'a misspelt field',
    'a: {{ .Capabilities.KubeVersion.Majr }}',
    /can't evaluate field Majr/,
    'did you mean Major instead of Majr?',
  ],
  [
    'too few arguments',
    'a: {{ .Values.image.tag | required }}',
    /wrong number of args for required: want 2 got 1/,
    'required takes (string, interface {}); what is piped into it comes last',
  ],
  [
    'a block without an end',
    'a: 1\n{{ if .Values.x }}\nb: 2\n',
    /unexpected EOF/,
    '{{ if .Values.x }}, opened in line 2, has no {{ end }}',
  ],
  ['an end too many', 'a: {{ end }}', /unexpected \{\{end\}\}/, 'no block is open here: there is one {{ end }} too many'],
  [
    'an action without its end',
    'a: {{ .Values.name\nb: c\n',
    /function "b" not defined/,
    'the action "{{ .Values.name" of line 1 is not closed: }} is missing',
  ],
  [
    'a text for tpl that is no template',
    'a: {{ tpl "{{ .Values.name " . }}',
    /cannot parse template "\{\{ \.Values\.name "/,
    undefined,
  ],
  [
    'required',
    'a: {{ required "a tag is needed" .Values.image.tga }}',
    /execution error at \(c\/templates\/a\.yaml:1:6\): a tag is needed/,
    'did you mean tag instead of tga?',
  ],
  ['fail', 'a: {{ fail "not so" }}', /execution error at \(c\/templates\/a\.yaml:1:6\): not so/, undefined],
  [
    'toYaml without nindent',
    'a:\n  {{ toYaml .Values.image }}\n  b: 1\n',
    /YAML parse error on c\/templates\/a\.yaml/,
    'line 3 of the document, "tag: \\"1\\"", comes from c/templates/a.yaml:2; {{ toYaml .Values.image }} writes several lines, of which the first alone is indented: use | nindent 2',
  ],
  [
    'indent in a line that is indented',
    'a:\n  b: 1\n  {{ toYaml .Values.image | indent 2 }}\n',
    /mapping values are not allowed in this context/,
    'line 3 of the document, "    repository: nginx", comes from c/templates/a.yaml:3; {{ toYaml .Values.image | indent 2 }} is indented already, and its first line gets that twice: put it at the start of the line, or use nindent',
  ],
  [
    'indent behind a key',
    'a: {{ toYaml .Values.image | indent 2 }}\n',
    /mapping values are not allowed in this context/,
    'line 1 of the document, "a:   repository: nginx", comes from c/templates/a.yaml:1; {{ toYaml .Values.image | indent 2 }} stands behind "a:": indent leaves the first line there, use nindent',
  ],
  [
    'a tab',
    'a:\n\tb: c\n',
    /found character that cannot start any token/,
    'line 2 of the document, "\\tb: c", comes from c/templates/a.yaml:2; it is indented by a tab: YAML knows spaces only',
  ],
]

for (const [what, template, words, hint] of MISTAKES)
  test(`${what}: Helm's words, and what was meant`, async () => {
    chart(template)
    const said = await ours(['template', 'r', 'c'], env, folder)
    assert.is(said.status, 1)
    const [message = '', rest] = said.stderr.replace(/^Error: /, '').split('\nHint: ')
    assert.match(message, words)
    assert.is(rest?.trimEnd(), hint)
    if (!isNew) return
    const theirs = (await helm(['template', 'r', 'c'], env, folder)).stderr
    const helmWords = /Error: ([\s\S]*?)(?:\n\nUse --debug flag.*)?\s*$/.exec(theirs)?.[1]
    assert.is(message.trimEnd(), helmWords?.trimEnd())
  })

test('what is no YAML can be seen with --debug, and the error says so', async () => {
  chart('kind: A\nmetadata: {annotations: {a: {}}}')
  const words =
    'Error: YAML parse error on c/templates/a.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal object into Go struct field .metadata.annotations of type string\n\nUse --debug flag to render out invalid YAML'
  assert.is((await ours(['template', 'r', 'c'], env, folder)).stderr.trimEnd(), words)
  const { stdout, stderr } = await ours(['template', 'r', 'c', '--debug'], env, folder)
  assert.match(stdout, '# Source: c/templates/a.yaml\nkind: A\n')
  assert.not.match(stderr, 'Use --debug')
})

test('the whole way through include is told with every place, and the hint is of its innermost end', async () => {
  chart('a: {{ include "c.full" . }}')
  const { stderr } = await ours(['template', 'r', 'c'], env, folder)
  const places = [...stderr.matchAll(/^(?:Error: )?(\S+:\d+:\d+)$/gm)].map((m) => m[1])
  assert.equal(places, ['c/templates/a.yaml:1:6', 'c/templates/_h.tpl:5:3', 'c/templates/_h.tpl:2:15'])
  assert.match(stderr, 'Hint: did you mean name instead of nam?')
})

test('the way through tpl, which Helm tells in one line, has its innermost end in the hint', async () => {
  chart('a: {{ tpl "{{ include \\"c.full\\" . }}" . }}')
  const { stderr } = await ours(['template', 'r', 'c'], env, folder)
  assert.match(stderr, /c\/templates\/a\.yaml:1:6: .*gotpl:1:3: .*c\/templates\/_h\.tpl:5:3: .*c\/templates\/_h\.tpl:2:15: /)
  assert.match(stderr, 'Hint: at c/templates/_h.tpl:2:15 <.Values.nam.x>: did you mean name instead of nam?')
})

test("a value is told with the file, line and column, or the flag, that it is from: the last one counts, and a dependency's are below its name", async () => {
  const sub = 'charts/sub/'
  const dependency = {
    [`${sub}Chart.yaml`]: 'apiVersion: v2\nname: sub\nversion: 1.0.0\n',
    [`${sub}values.yaml`]: 'own: 1\nboth: 2\n',
  }
  chart('a: {{ .Values.name.x }}', {
    ...dependency,
    [`${sub}templates/b.yaml`]:
      '{{ if .Values.which }}b: {{ index .Values .Values.which | upper }}{{ .Values.own | upper }}{{ end }}',
    '../one.yaml': 'name: one\n',
    '../two.yaml': 'x: 1\nname:\n  two\n',
  })
  const hint = async (...more: string[]) =>
    /Hint: (.*)/.exec((await ours(['template', 'r', 'c', ...more], env, folder)).stderr)?.[1]
  assert.is(await hint(), '.Values.name is the string "web", from c/values.yaml:7:7')
  assert.is(await hint('-f', 'one.yaml'), '.Values.name is the string "one", from one.yaml:1:7')
  assert.is(await hint('-f', 'one.yaml,two.yaml'), '.Values.name is the string "two", from two.yaml:3:3')
  assert.is(await hint('-f', 'one.yaml', '--set', 'name=three'), '.Values.name is the string "three", from --set name=three')
  chart('a: 1', { ...dependency, [`${sub}templates/b.yaml`]: 'b: {{ .Values.own | upper }}' })
  assert.is(await hint(), '.Values.own is the number 1, from c/charts/sub/values.yaml:1:6')
  assert.is(await hint('--set', 'sub.own=5'), '.Values.own is the number 5, from --set sub.own=5')
})

test('values that a schema does not allow are told by path, value and where they are from', async () => {
  const schema = {
    type: 'object',
    required: ['replicas'],
    properties: { service: { properties: { port: { type: 'integer', maximum: 99 } } }, list: { items: { type: 'string' } } },
  }
  chart('a: 1', { 'values.schema.json': JSON.stringify(schema), '../ports.yaml': 'service:\n  port: http\nlist: [a, 1]\n' })
  const { stderr, status } = await ours(['template', 'r', 'c', '-f', 'ports.yaml', '--set', 'name=x'], env, folder)
  assert.is(status, 1)
  assert.match(
    stderr,
    /values don't meet the specifications of the schema\(s\) in the following chart\(s\):\nc:\n- at '': missing property 'replicas'/,
  )
  assert.match(stderr, "- at '/service/port': got string, want integer")
  assert.match(stderr, 'service.port: the string "http", from ports.yaml:2:9')
  assert.match(stderr, 'list.1: the number 1, from ports.yaml:3:11')
})

test('--debug prints what is no YAML, too', async () => {
  chart('a: 1\n b: 2\n')
  const said = await ours(['template', 'r', 'c', '--debug'], env, folder)
  assert.is(said.status, 1)
  assert.is(said.stdout, '---\n# Source: c/templates/a.yaml\na: 1\n b: 2\n\n')
  if (isNew) assert.is((await helm(['template', 'r', 'c', '--debug'], env, folder)).stdout.trim(), said.stdout.trim())
})

test('a --set text that is none is told with the place in it', async () => {
  chart('a: 1')
  const said = async (text: string) => (await ours(['template', 'r', 'c', '--set', text], env, folder)).stderr
  assert.is(
    await said('a=b,c'),
    'Error: failed parsing --set data: key "c" has no value\nHint: at character 5 of 5, behind "a=b,c"; a comma within a value is written \\,\n',
  )
  assert.match(
    await said('list[x]=1'),
    /strconv\.Atoi: parsing "x": invalid syntax\nHint: at character 7 of 9, behind "list\[x\]"/,
  )
  assert.match(await said('a={b,c'), /list must terminate with '\}'\nHint: at character 6 of 6/)
  assert.match(await said(`${'x'.repeat(60)}=1,b`), /behind "…x+=1,b"/)
})

test.run()
