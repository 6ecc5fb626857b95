import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { goJson } from '../../src/apimachinery/go-quote.ts'
import { memberAt } from '../../src/apimachinery/json-member.ts'
import {
  alphabetical,
  alphabeticalSteps,
  compareBytes,
  inKeyOrder,
  mostInOrder,
  sortedKeys,
  sortedKeysSteps,
} from '../../src/apimachinery/key-order.ts'
import { atOnce } from '../../src/apimachinery/steps.ts'

test('keys are in the order of their bytes: pairs of surrogates come last', () => {
  const keys = ['a', '\u{1f600}', 'é', '\uffee', '\ud7ff', 'B', '-']
  const byBytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  assert.equal(sortedKeys(keys), byBytes)
  for (const a of keys)
    for (const b of keys)
      assert.is(Math.sign(compareBytes(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)), JSON.stringify([a, b]))
})

test('keys that are in order stay the same array, those that JavaScript puts first count as in order', () => {
  const [ordered, numbers] = [
    ['a', 'b', 'c'],
    ['9', '10', '-a', 'b'],
  ]
  assert.is(inKeyOrder(ordered), ordered)
  assert.is(inKeyOrder(numbers), numbers)
  assert.equal(inKeyOrder(['b', 'a']), ['a', 'b'])
})

test('members are put in order all the way down, and what is in order is shared', () => {
  const shared = { a: 1, b: [{ c: 1 }] }
  const given = { z: shared, list: [{ b: 1, a: { d: 1, c: 2 } }] }
  const made = alphabetical(given) as typeof given
  assert.is(JSON.stringify(made), '{"list":[{"a":{"c":2,"d":1},"b":1}],"z":{"a":1,"b":[{"c":1}]}}')
  assert.is(made.z, shared)
  assert.is(alphabetical(shared), shared)
  const own = JSON.parse('{"b":1,"__proto__":{"x":1}}')
  assert.is(JSON.stringify(alphabetical(own)), '{"__proto__":{"x":1},"b":1}')
})

test('many keys are sorted in steps, and many members put in order in steps', () => {
  const keys = Array.from(
    { length: 9001 },
    (_, i) => `k${(i * 7919) % 9001}${i % 7 === 0 ? '\u{1f600}' : i % 7 === 1 ? '\uffee' : ''}`,
  )
  const steps = sortedKeysSteps(keys)
  let turns = 0
  let done = steps.next()
  for (; !done.done; done = steps.next()) turns++
  assert.equal(done.value, sortedKeys(keys))
  assert.ok(turns > 10)
  const small = { list: [{ b: 1, a: 2 }], a: { d: 1, c: 2 }, z: [1] }
  const made = atOnce(alphabeticalSteps(small)) as typeof small
  assert.is(JSON.stringify(made), '{"a":{"c":2,"d":1},"list":[{"a":2,"b":1}],"z":[1]}')
  assert.is(made.z, small.z)
  const many = { m: Object.fromEntries(keys.map((key) => [key, { y: 1, x: 2 }])), l: keys.map(() => ({ y: 1, x: 2 })) }
  const ordered = atOnce(alphabeticalSteps(many)) as typeof many
  assert.equal(ordered, many)
  assert.is(
    keys.length > mostInOrder && JSON.stringify([ordered.m[keys[0] as string], ordered.l[9000]]),
    '[{"x":2,"y":1},{"x":2,"y":1}]',
  )
})

test('keys that are numbers are written among the others by their bytes', () => {
  const value = { 10: { 2: 'a', 1: 'b' }, 9: [{ 5: '<', '.x': 1n }], '-a': 'x', none: undefined, e: {}, l: [] }
  assert.is(goJson(value), '{"-a":"x","10":{"1":"b","2":"a"},"9":[{".x":1,"5":"\\u003c"}],"e":{},"l":[]}')
  const indented = '{\n  "-a": "x",\n  "10": "y",\n  "9": [\n    1,\n    {\n      "z": 1,\n      "b": 2\n    }\n  ]\n}'
  assert.is(goJson({ 9: [1, { z: 1, b: 2 }], 10: 'y', '-a': 'x' }, 2), indented)
})

test('a member of compact JSON is found where it stands, whatever stands before it', () => {
  const inner = { annotations: { resourceVersion: '1', 'x"resourceVersion": "': '\\' }, resourceVersion: '7', uid: 'u' }
  const text = JSON.stringify({
    a: [1, { metadata: {} }, '}]"'],
    b: null,
    c: -1.5e3,
    data: { metadata: { n: '}' } },
    metadata: inner,
  })
  const metadata = memberAt(text, 0, 'metadata')
  assert.is(text.slice(metadata), `${JSON.stringify(inner)}}`)
  assert.ok(text.startsWith('"7"', memberAt(text, metadata, 'resourceVersion')))
  assert.is(memberAt(text, 0, 'metadat'), -1)
  assert.is(memberAt('{}', 0, 'a'), -1)
})

test.run()
