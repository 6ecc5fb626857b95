import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isPlainJson } from '../../../src/api/schema/json-syntax.ts'
import { plainJsonSteps } from '../../../src/api/schema/plain-json.ts'
import { atOnce } from '../../../src/apimachinery/steps.ts'

/** What one JSON.parse of the whole would say. */
function whole(text: string): { value: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isPlainJson(text, value) ? { value } : undefined
  } catch {
    return undefined
  }
}

const agrees = (text: string, name = text.slice(0, 60)) => {
  const expected = whole(text)
  const found = atOnce(plainJsonSteps(text))
  assert.is(found === undefined, expected === undefined, name)
  if (expected) {
    assert.is(JSON.stringify(found?.value), JSON.stringify(expected.value), name)
    assert.equal(found, expected)
  }
}

const many = (n: number, member: (i: number) => string) => Array.from({ length: n }, (_, i) => member(i)).join(',')
const keys = (n: number) => many(n, (i) => `"k${i}":"v"`)

const plain: Readonly<Record<string, string>> = {
  'a small one': '{"a":[1,2,{"b":null}],"c":"\\u0041"}',
  'a large list': `[${many(20_000, (i) => `${i}`)}]`,
  'a large list with blanks around': ` \n[ ${many(20_000, (i) => ` ${i}\t`)} ]\r\n `,
  'a large object': `{${keys(20_000)}}`,
  'large ones in each other': `{"a":1,"b" : [[],${many(3000, (i) => `{"x":[${i}],"y":"},{"}`)} , {"z":{${keys(5000)}}},7],"__proto__":{${keys(5000)}},"c":{"d":[${many(9000, () => '"\\\\\\""')}]}}`,
  'only one large member': `{"a":{"b":{"c":[${many(9000, () => 'true')}]}}}`,
  'large members side by side': `[[${many(9000, () => '1')}],[${many(9000, () => '2')}],[${many(9000, () => '3')}]]`,
  'a large text': `{"a":"${'x'.repeat(100_000)}","b":["${'y'.repeat(100_000)}"]}`,
  'whole numbers as keys': `{${many(5000, (i) => `"${9999 - i}":1`)}}`,
  '__proto__ among many': `{${keys(3000)},"__proto__":1,${many(3000, (i) => `"l${i}":{}`)}}`,
}
for (const [name, text] of Object.entries(plain)) {
  test(`${name}: the same as by one JSON.parse`, () => {
    assert.ok(whole(text), name)
    agrees(text, name)
  })
}

const list = many(9000, () => '1')
const odd: Readonly<Record<string, string>> = {
  'a key twice, far apart': `{"a":1,${keys(9000)},"a":2}`,
  'a large member twice': `{"a":[${list}],"a":[${list}]}`,
  'a float late': `[${list},1.5]`,
  'a long number late': `[${list},${'1'.repeat(20)}]`,
  'a lone surrogate late': `[${list},"\\ud800"]`,
}
const wrong: Readonly<Record<string, string>> = {
  'a comma at the end': `[${list},]`,
  'a comma behind a large member': `[[${list}],]`,
  'two commas': `[${list},,${list}]`,
  'a comma at the start': `[,${list}]`,
  'no comma behind a large member': `[[${list}] 1,2]`,
  'two large members without a comma': `[[${list}][${list}]]`,
  'something before a large member': `[1 [${list}]]`,
  'a large member without a key': `{"a":1,[${list}]}`,
  'two keys before a large member': `{"a":"b":[${list}]}`,
  'two colons': `{"a"::[${list}]}`,
  'the other bracket': `[${list}}`,
  'one bracket too many': `[${list}]]`,
  'one bracket too few': `[[${list}]`,
  'two documents': `[${list}] [${list}]`,
  'words behind': `[${list}] x`,
  'words before': `x [${list}]`,
  'a text without end': `[${list},"a`,
  'a key in a list': `[${list},"a":1]`,
  'a value in an object': `{${keys(9000)},1}`,
}
for (const [name, text] of Object.entries({ ...odd, ...wrong })) {
  test(`${name}: left to who finds the words for it`, () => {
    assert.is(atOnce(plainJsonSteps(text)), undefined)
    agrees(text, name)
  })
}

test('whatever is changed in a large text, the answer is that of one JSON.parse', () => {
  let state = 5
  const next = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return (state >> 8) % below
  }
  const text = `{"a":[${many(2000, (i) => `{"k":${i}}`)}],"b":{${keys(3000)}},"c":[[${list}],{"d":1}]}`
  const marks = ['{', '}', '[', ']', ',', ':', '"', '\\', ' ', '0', '.', 'x']
  for (let round = 0; round < 100; round++) {
    const at = next(text.length)
    const mark = marks[next(marks.length)] as string
    agrees(text.slice(0, at) + mark + text.slice(at + next(2)), `${mark} at ${at}`)
  }
})

test.run()
