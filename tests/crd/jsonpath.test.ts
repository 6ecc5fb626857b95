import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseFieldPath, parseJsonPath } from '../../src/crd/jsonpath.ts'
import type { JsonObject } from '../../src/crd/schema/json-schema.ts'

const object: JsonObject = {
  metadata: { name: 'x', labels: { 'a.b/c': 'dotted' } },
  spec: { list: [{ name: 'a', n: 1 }, { name: 'b', n: 2 }, { name: 'c' }], deep: { name: 'd' } },
}

const found: [string, unknown[]][] = [
  ['.metadata.name', ['x']],
  ['.metadata.labels.a\\.b/c', ['dotted']],
  [".metadata.labels['a\\.b/c']", ['dotted']],
  ['.spec.list[0].name', ['a']],
  ['.spec.list[-1].name', ['c']],
  ['.spec.list[0:2].name', ['a', 'b']],
  ['.spec.list[*].name', ['a', 'b', 'c']],
  ['.spec.list[?(@.name=="b")].n', [2]],
  ['.spec.list[?(@.n>1)].name', ['b']],
  ['.spec..name', ['d', 'a', 'b', 'c']],
]

for (const [path, values] of found) {
  test(`jsonpath ${path}`, () => assert.equal(parseFieldPath(path).find(object).flat().sort(), [...values].sort()))
}

test('what is missing is nothing', () => {
  assert.equal(parseFieldPath('.spec.none.deeper').find(object).flat(), [])
  assert.equal(parseFieldPath('.__proto__').find(object).flat(), [])
})

test('a wildcard on a text gives its bytes, as those of Go are', () => {
  assert.equal(parseFieldPath('.metadata.name.*').find(object).flat(), [120])
})

test('a range gives what is in its block, fields and texts, for each item in turn', () => {
  const template = parseJsonPath('{range .spec.list[*]}{.name},{end}')
  assert.equal(template.find(object).flat(), ['a', ',', 'b', ',', 'c', ','])
})

test.run()
