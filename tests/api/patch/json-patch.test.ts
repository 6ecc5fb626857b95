import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { jsonPatch, type Operation, parseJsonPatch } from '../../../src/api/patch/json-patch.ts'
import { mergePatch, parseMergePatch } from '../../../src/api/patch/merge-patch.ts'
import type { StatusError } from '../../../src/apimachinery/status.ts'

const failure = (run: () => unknown): StatusError => {
  try {
    run()
  } catch (e) {
    return e as StatusError
  }
  throw new Error('no error')
}
const apply = (document: unknown, ...operations: Operation[]) => jsonPatch(document, operations)

test('operations apply in order and leave the document alone', () => {
  const document = Object.freeze({ a: Object.freeze([1, 2]), b: Object.freeze({ 'x/y': 1 }) })
  assert.equal(
    apply(
      document,
      { op: 'add', path: '/a/-', value: 3 },
      { op: 'remove', path: '/a/0' },
      { op: 'replace', path: '/b/x~1y', value: 2 },
      { op: 'copy', from: '/b', path: '/c' },
      { op: 'move', from: '/b/x~1y', path: '/d' },
      { op: 'test', path: '/c/x~1y', value: 2 },
    ),
    { a: [2, 3], b: {}, c: { 'x/y': 2 }, d: 2 },
  )
})

test('a copy is independent of what it was copied from', () => {
  assert.equal(apply({ a: {} }, { op: 'copy', from: '/a', path: '/b' }, { op: 'add', path: '/b/x', value: 1 }), {
    a: {},
    b: { x: 1 },
  })
})

test('__proto__ is a member like any other', () => {
  const result = apply({}, { op: 'add', path: '/__proto__', value: { polluted: true } })
  assert.is(JSON.stringify(result), '{"__proto__":{"polluted":true}}')
  assert.is(({} as Record<string, unknown>).polluted, undefined)
  assert.is(JSON.stringify(mergePatch({}, JSON.parse('{"__proto__":{"a":1}}'))), '{"__proto__":{"a":1}}')
})

test('what does not apply is 422, and the cause says which path', () => {
  const cause = (operation: Operation) => {
    const error = failure(() => apply({ a: [1], n: null }, operation))
    assert.is(error.status.code, 422)
    return error.cause
  }
  assert.is(cause({ op: 'test', path: '/a/0', value: 2 }), 'testing value /a/0 failed: test failed')
  assert.is(
    cause({ op: 'remove', path: '/x' }),
    "error in remove for path: '/x': Unable to remove nonexistent key: x: missing value",
  )
  assert.is(
    cause({ op: 'add', path: '/n/x', value: 1 }),
    'add operation does not apply: doc is missing path: "/n/x": missing value',
  )
  assert.is(cause({ op: 'jump', path: '/a' }), 'Unexpected kind: jump')
})

test('copies that would grow without bound are refused', () => {
  const grow: Operation[] = [{ op: 'add', path: '/a', value: ['x'.repeat(1000)] }]
  for (let i = 0; i < 40; i++) grow.push({ op: 'copy', from: '/a', path: '/a/-' })
  assert.match(String(failure(() => jsonPatch({}, grow)).cause), /accumulated size increase of copy/)
})

test('a document cannot be made deeper than one may be sent', () => {
  const nest: Operation[] = [{ op: 'add', path: '/a', value: {} }]
  for (let i = 0; i < 30; i++) nest.push({ op: 'copy', from: '/a', path: `/a${'/a'.repeat(Math.min(2 ** i, 500))}` })
  assert.is(failure(() => jsonPatch({}, nest)).cause, 'exceeded max depth')
  const deep = `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`
  assert.is(failure(() => parseMergePatch(deep, false)).status.code, 400)
  assert.is(failure(() => parseMergePatch(deep, true)).message, "error decoding patch: invalid character '[' exceeded max depth")
})

test('a body that is no patch, or too long, is refused', () => {
  assert.is(
    failure(() => parseJsonPatch('{}', true)).message,
    'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
  )
  assert.equal(parseJsonPatch('[{"op":"add","x":1,"path":"/a"}]', true).strictErrors, ['json patch unknown field "[0].x"'])
  const long = JSON.stringify(Array.from({ length: 10_001 }, () => ({ op: 'test', path: '' })))
  assert.is(failure(() => parseJsonPatch(long, true)).status.code, 413)
})

test('a merge patch removes nulls, merges objects and replaces lists', () => {
  assert.equal(mergePatch({ a: { b: 1, c: 2 }, d: [1] }, { a: { b: null, e: { f: null } }, d: [2, null] }), {
    a: { c: 2, e: {} },
    d: [2, null],
  })
})

test.run()
