import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../../src/cli/composition.ts'
import { startTestServer } from '../../src/testkit/start.ts'
import { said } from './said.ts'

const composition = (value: string) => `apiVersion: slipway.dev/v1alpha1
kind: Composition
metadata:
  name: note
spec:
  schema:
    group: example.com
    kind: Note
    spec:
      text: string
  resources:
    - id: map
      template:
        apiVersion: v1
        kind: ConfigMap
        data:
          text: ${value}
`

test('slipway composition check tells mistakes with file and line, by the kinds of the cluster', async () => {
  const server = await startTestServer()
  const { kubeconfig } = await server.listen()
  const folder = mkdtempSync(join(tmpdir(), 'slipway-composition-'))
  const at = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const config = ['--kubeconfig', at('kubeconfig', kubeconfig)]
  assert.is((await said(run, 'check', at('good.yaml', composition('${schema.spec.text}')), ...config)).status, 0)
  const bad = await said(run, 'check', at('bad.yaml', composition('${schema.spec.txt}')), ...config)
  assert.is(bad.status, 1)
  assert.match(bad.said, /bad\.yaml:17:11: spec\.resources\[0\]\.template\.data\.text: .*undefined field 'txt'/)
  assert.match(
    (await said(run, 'check', at('other.yaml', 'kind: A\napiVersion: v1\nmetadata: {name: a}\n'), ...config)).said,
    /no Composition here/,
  )
  rmSync(folder, { recursive: true })
  await server.stop()
})

test.run()
