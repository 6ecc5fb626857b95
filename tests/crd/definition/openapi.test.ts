import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CustomResourceDefinition } from '../../../src/crd/definition/definition.ts'
import { publishedSchemas } from '../../../src/crd/definition/openapi.ts'

type Schemas = Record<string, unknown>
const recorded = JSON.parse(readFileSync('tests/data/crd/openapi.json', 'utf8')) as {
  crd: CustomResourceDefinition
  v3: Record<string, Schemas>
  v2: Schemas
}

test('OpenAPI v3 of each version', () => {
  for (const [version, expected] of Object.entries(recorded.v3)) {
    assert.equal(Object.fromEntries(publishedSchemas(recorded.crd, version, 'v3')), expected)
  }
})

test('OpenAPI v2, with what it loses', () => {
  const versions = ['v1', 'v2'].flatMap((version) => [...publishedSchemas(recorded.crd, version, 'v2')])
  assert.equal(Object.fromEntries(versions), recorded.v2)
})

test.run()
