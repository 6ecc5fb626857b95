import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { RestMapper } from '../../src/client/rest-mapper.ts'
import { compileComposition } from '../../src/compositions/compile.ts'
import type { Composition } from '../../src/compositions/composition.ts'
import { KindSchemas } from '../../src/compositions/kind-schemas.ts'
import { testApi } from '../api/test-api.ts'

test('the Composition in the documentation is right, by the schemas that the API publishes', async () => {
  const text = readFileSync('docs/operators/composition.md', 'utf8')
  const composition = parse(/```yaml\n([\s\S]*?)```/.exec(text)?.[1] ?? '') as Composition
  const { api, client } = await testApi()
  // What the API fills in.
  Object.assign(composition.spec.schema, { version: 'v1alpha1', scope: 'Namespaced' })
  const found = await compileComposition(composition, new KindSchemas(client, new RestMapper(client)))
  assert.equal('problems' in found ? found.problems : [], [])
  api.close()
})

test.run()
