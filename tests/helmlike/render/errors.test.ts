import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chartFromFiles } from '../../../src/helmlike/chart/load.ts'
import { render } from '../../../src/helmlike/render/render.ts'
import type { RenderError } from '../../../src/helmlike/render/render-error.ts'

const HELPERS = `{{- define "c.outer" -}}
{{ include "c.inner" . }}
{{- end -}}
{{- define "c.inner" -}}
x: {{ .Values.imge.repository }}
{{- end -}}
`
const release = { name: 'r', namespace: 'default', revision: 1, isUpgrade: false }

/** What is said of a template that does not render. */
async function failure(template: string): Promise<RenderError> {
  const files = {
    'Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n',
    'values.yaml': 'image: {repository: a, tag: b}\n',
    'templates/_h.tpl': HELPERS,
    'templates/a.yaml': template,
  }
  const chart = chartFromFiles(Object.entries(files).map(([name, text]) => ({ name, data: Buffer.from(text) })))
  try {
    await render(chart, new Map(), { release })
  } catch (e) {
    assert.instance(e, Error)
    return e as RenderError
  }
  throw new Error('it should have failed')
}

test('an error in an included template names every call on the way, with file, line and column, in Helm 4.3.1 words', async () => {
  assert.is(
    (await failure('{{ include "c.outer" . }}')).message,
    `c/templates/a.yaml:1:3
  executing "c/templates/a.yaml" at <include "c.outer" .>:
    error calling include:
c/templates/_h.tpl:2:3
  executing "c.outer" at <include "c.inner" .>:
    error calling include:
c/templates/_h.tpl:5:13
  executing "c.inner" at <.Values.imge.repository>:
    nil pointer evaluating interface {}.repository`,
  )
})

test('a chain through tpl names the text and the place in it', async () => {
  const { message } = await failure('a: {{ tpl "{{ include \\"c.inner\\" . }}" . }}')
  assert.match(message, /c\/templates\/a\.yaml:1:6.*gotpl:1:3.*c\/templates\/_h\.tpl:5:13.*<\.Values\.imge\.repository>/s)
})

test('what is nearly a value, a template or a function is offered', async () => {
  assert.is((await failure('{{ .Values.imge.tag }}')).hint, 'did you mean image instead of imge?')
  assert.is((await failure('{{ $.Values.image.rpository.x }}')).hint, 'did you mean repository instead of rpository?')
  assert.is((await failure('{{ include "c.outter" . }}')).hint, 'did you mean c.outer?')
  assert.is((await failure('{{ uper "x" }}')).hint, 'did you mean upper?')
})

test('what is nothing like a name is said to be not set, and no guess is made', async () => {
  assert.is((await failure('{{ .Values.persistence.size }}')).hint, '.Values.persistence is not set')
  assert.is((await failure('{{ zzzzzz "x" }}')).hint, undefined)
})

test('YAML that cannot be read points to the line of the template that made it', async () => {
  const e = await failure('a: 1\nb: {{ .Values.image.tag }}\n c: d\n')
  assert.match(e.message, /YAML parse error on c\/templates\/a\.yaml: .*line 3/)
  assert.match(e.hint ?? '', /comes from c\/templates\/a\.yaml:3/)
})

test.run()
