import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readJson } from '../../../src/api/schema/json-syntax.ts'

test('at the end of a text Go tries a space: what that breaks is told, else that there is no more', () => {
  const end = 'unexpected end of JSON input'
  const told: Readonly<Record<string, string>> = {
    tru: "invalid character ' ' in literal true (expecting 'e')",
    '{"a":nul': "invalid character ' ' in literal null (expecting 'l')",
    '-': "invalid character ' ' in numeric literal",
    '[1.': "invalid character ' ' after decimal point in numeric literal",
    '1e': "invalid character ' ' in exponent of numeric literal",
    '"\\': "invalid character ' ' in string escape code",
    '"a': end,
    '{"a"': end,
    '[1': end,
    '': end,
  }
  for (const [text, message] of Object.entries(told)) {
    assert.throws(
      () => readJson(text),
      (e: Error) => e.message === message,
      text,
    )
  }
})

test.run()
