import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { render } from '../../../src/sync/render/render.ts'

const map = (name: string) => JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } })
const rendered = async (files: Record<string, string>) => {
  const tree = Object.entries(files).map(([path, text]) => ({ path, oid: path, read: async () => Buffer.from(text) }))
  return (await render(tree, async () => [])).map((m) => m.object.metadata.name)
}

test('what npm and TypeScript keep beside an operator is no manifest; everything else that is YAML or JSON is', async () => {
  const npm = { 'package.json': '{}', 'ops/package-lock.json': '{}', 'ops/tsconfig.json': '{}', 'ops/tsconfig.build.json': '{}' }
  const packages = { 'ops/node_modules/p/config.yaml': 'a: b', 'ops/node_modules/p/data.json': '[]' }
  assert.equal(await rendered({ ...npm, ...packages, 'a.json': map('a'), 'ops/my-package.json': map('b') }), ['a', 'b'])
  const wrong = await rendered({ 'data.json': '{}' }).catch((error: Error) => error.message)
  assert.match(String(wrong), /apiVersion is missing/)
})

test.run()
