import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { copyOf } from '../../../src/api/patch/json-copy.ts'
import { jsonText, parseJson } from '../../../src/apimachinery/json.ts'
import { atOnce } from '../../../src/apimachinery/steps.ts'

const texts = [
  '1',
  '"é\\n"',
  'null',
  '[]',
  '{}',
  '[1,[2,"a,b"],{}]',
  '{"a":{"__proto__":[true,null]},"b":9007199254740993,"c":"x"}',
]

for (const text of texts) {
  test(`a copy of ${text} is the same, shares nothing, and is as long as its text`, () => {
    const value = parseJson(text)
    const copy = atOnce(copyOf(value))
    assert.is(jsonText(copy.value), text)
    assert.is(copy.bytes, Buffer.byteLength(text))
    if (typeof value === 'object' && value !== null) assert.is.not(copy.value, value)
  })
}

test('values are counted that stand beside others, commas in texts are not', () => {
  assert.is(atOnce(copyOf(parseJson('[1,[2,"a,b"],{"c":1,"d":2}]'))).values, 4)
})

test.run()
