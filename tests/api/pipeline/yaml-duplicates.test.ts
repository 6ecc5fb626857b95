import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { duplicateKeys, duplicatesError } from '../../../src/api/pipeline/yaml-duplicates.ts'

test("keys that YAML says twice are told with their line in go-yaml's words, those inside before those outside", () => {
  const text = `data:
  1: "1"
  1: "2"
  'q"x': "1"
  'q"x': "1"
list:
- {a: 1, a: 2}
data:
  b: 1
  b: 2
`
  const found = ['line 3: key 1', 'line 5: key "q\\"x"', 'line 7: key "a"', 'line 10: key "b"', 'line 8: key "data"']
  assert.equal(
    duplicateKeys(text),
    found.map((f) => `${f} already set in map`),
  )
})

test('several are one error', () => {
  assert.is(duplicatesError(['line 1: x', 'line 2: y']), 'yaml: unmarshal errors:\n  line 1: x\n  line 2: y')
})

test.run()
