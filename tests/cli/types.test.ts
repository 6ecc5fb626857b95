import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { run } from '../../src/cli/types.ts'
import { said } from './said.ts'

const types = suite<{ folder: string; said: string }>('slipway types', { folder: '', said: '' })
const authoring = join(import.meta.dirname, '../../src/crd/authoring')
const module = (more: string) => `
import { customResource } from '${authoring}/custom-resource.ts'
import { schema } from '${authoring}/schema.ts'
export const Widget = customResource({ group: 'example.com', version: 'v1', kind: 'Widget', spec: schema.object({ size: schema.integer()${more} }) })
`

types.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'slipway-types-'))
})
types.after.each(({ folder }) => rmSync(folder, { recursive: true }))

const quietly = (...argv: string[]) => said(run, ...argv)

types('a kind in a module becomes a definition, and that a typed kind again', async ({ folder }) => {
  writeFileSync(join(folder, 'widget.ts'), module(''))
  const crds = join(folder, 'crds')
  assert.is((await quietly('--crds', join(folder, 'widget.ts'), '--out', crds)).status, 0)
  const definition = parse(readFileSync(join(crds, 'widgets.example.com.yaml'), 'utf8'))
  assert.equal(definition.spec.versions[0].schema.openAPIV3Schema.properties.spec.required, ['size'])
  assert.is((await quietly(crds, '--out', join(folder, 'types'))).status, 0)
  assert.match(readFileSync(join(folder, 'types/example.com.ts'), 'utf8'), /export const Widget: Resource<Widget>/)
})

types('--check fails, with the difference, when a schema moved on and its definition did not', async ({ folder }) => {
  writeFileSync(join(folder, 'before.ts'), module(''))
  writeFileSync(join(folder, 'after.ts'), module('.min(1)'))
  const out = ['--out', join(folder, 'crds')]
  await quietly('--crds', join(folder, 'before.ts'), ...out)
  assert.is((await quietly('--crds', join(folder, 'before.ts'), ...out, '--check')).status, 0)
  const { status, said: text } = await quietly('--crds', join(folder, 'after.ts'), ...out, '--check')
  assert.is(status, 1)
  assert.match(text, /^\+ +minimum: 1$/m)
})

types('what was made before and is made no more is taken away; files of others stay', async ({ folder }) => {
  const crds = join(folder, 'crds')
  writeFileSync(join(folder, 'widget.ts'), module(''))
  await quietly('--crds', join(folder, 'widget.ts'), '--out', crds)
  writeFileSync(join(crds, 'mine.yaml'), 'a: b\n')
  writeFileSync(join(folder, 'gadget.ts'), module('').replaceAll('Widget', 'Gadget'))
  const { said: text } = await quietly('--crds', join(folder, 'gadget.ts'), '--out', crds, '--check')
  assert.match(text, 'widgets.example.com.yaml is left over')
  await quietly('--crds', join(folder, 'gadget.ts'), '--out', crds)
  assert.throws(() => readFileSync(join(crds, 'widgets.example.com.yaml')))
  assert.is(readFileSync(join(crds, 'mine.yaml'), 'utf8'), 'a: b\n')
})

types('a definition that no server would take is refused before it is written, with the field', async ({ folder }) => {
  writeFileSync(join(folder, 'bad.ts'), module(".rule('self.size >', 'no')"))
  try {
    await run(['--crds', join(folder, 'bad.ts')])
    assert.unreachable()
  } catch (error) {
    assert.match((error as Error).message, /properties\[size\]\.x-kubernetes-validations\[0\]\.rule/)
  }
})

types.run()
