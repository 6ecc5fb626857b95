import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type FieldValidation, type PatchKind, parsePatch, patchBuiltIn } from '../../../src/api/patch/patched.ts'
import type { StatusError } from '../../../src/apimachinery/status.ts'
import { atOnce } from '../../../src/apimachinery/steps.ts'
import { typeNamed } from '../golden.ts'

const type = typeNamed(['', 'v1', 'ConfigMap'])
const document = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { a: '1' } }
const patched = (kind: PatchKind, text: string, validation: FieldValidation = 'Warn') =>
  atOnce(patchBuiltIn(type, parsePatch(kind, text, validation), document, validation))

function refusal(kind: PatchKind, text: string, validation: FieldValidation = 'Warn'): string {
  try {
    patched(kind, text, validation)
  } catch (e) {
    const { code, message } = (e as StatusError).status
    return `${code} ${message}`
  }
  return 'none'
}

test('unknown and duplicate fields warn, are refused under Strict, and are dropped in silence under Ignore', () => {
  const text = '{"bogus":1,"data":{"a":"2","a":"3"}}'
  const warned = patched('merge', text)
  assert.equal(warned.warnings, ['duplicate field "data.a"', 'unknown field "bogus"'])
  assert.equal(warned.value.data, { a: '3' })
  assert.match(
    refusal('strategic', text, 'Strict'),
    '422  "" is invalid: patch: Invalid value: "map[bogus:1 data:map[a:3]]": strict decoding error: duplicate',
  )
  assert.equal(patched('merge', text, 'Ignore').warnings, [])
})

test('a strategic merge patch is shown without what its directives said, which Go takes out while it merges', () => {
  const shown = (text: string) => /Invalid value: "(.*?)": /.exec(refusal('strategic', text))?.[1]
  assert.is(shown('{"data":{"$patch":"replace","a":5}}'), 'map[data:map[a:5]]')
  assert.is(shown('{"data":5,"metadata":{"$retainKeys":["name"],"name":"x"}}'), 'map[data:5 metadata:map[name:x]]')
  assert.is(shown('{"data":5,"metadata":{"$setElementOrder/finalizers":["a"],"finalizers":["a"]}}'), 'map[data:5 metadata:map[]]')
})

test('a result that is not of its kind is refused, with the words of the way that read it', () => {
  assert.match(
    refusal('merge', '{"data":5}'),
    'json: cannot unmarshal number into Go struct field ConfigMap.data of type map[string]string',
  )
  assert.match(refusal('strategic', '{"data":5}'), '"map[data:5]": cannot restore map from int64')
  assert.match(refusal('merge', '{"kind":"Other"}'), 'no kind "Other" is registered for version "v1" in scheme')
})

test('of several mistakes that a JSON patch makes, the first in the order in which the server writes the result is told', () => {
  const operations = [
    { op: 'add', path: '/immutable', value: '' },
    { op: 'add', path: '/data/a', value: 5 },
    { op: 'add', path: '/binaryData', value: { z: 7, b: true } },
  ]
  assert.match(refusal('json', JSON.stringify(operations)), 'cannot unmarshal number into Go struct field ConfigMap.binaryData')
  assert.match(refusal('json', JSON.stringify(operations.slice(0, 2))), 'Go struct field ConfigMap.data of type string')
})

test('a patched document is of the kind and version of the path, whatever version it calls itself', () => {
  assert.is(patched('strategic', '{"kind":"Other","apiVersion":"apps/v1"}').value.kind, 'ConfigMap')
  assert.is(patched('merge', '{"kind":null}').value.kind, 'ConfigMap')
  const nameless = '400 the name of the object (x based on URL) was undeterminable: name must be provided'
  assert.is(refusal('merge', '{"apiVersion":null}'), nameless)
  assert.is(refusal('json', '[{"op":"replace","path":"/apiVersion","value":""}]'), nameless)
  assert.match(
    refusal('merge', '{"apiVersion":5}'),
    "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .apiVersion of type string",
  )
})

test('a patch that is none is refused before anything is read', () => {
  assert.is(
    refusal('merge', '[]'),
    '400 error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
  )
  assert.is(refusal('strategic', '{"a'), '400 unexpected end of JSON input')
  assert.is(refusal('json', '{}', 'Ignore'), '400 json: cannot unmarshal object into Go value of type jsonpatch.Patch')
})

test('custom resources have no strategic merge patch', () => {
  const patch = parsePatch('strategic', '{}', 'Warn')
  assert.throws(
    () => atOnce(patch.applyTo(undefined, document)),
    (e: unknown) => (e as StatusError).message === 'strategic merge patch format is not supported',
  )
})

test('a refused patch is shown with the numbers that Go made of it', () => {
  const deployment = typeNamed(['apps', 'v1', 'Deployment'])
  const patch = parsePatch('strategic', '{"spec":{"strategy":{"rollingUpdate":{"maxSurge":1e10}}}}', 'Strict')
  const live = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x' }, spec: {} }
  assert.throws(
    () => atOnce(patchBuiltIn(deployment, patch, live, 'Strict')),
    (e: unknown) =>
      (e as StatusError).message.includes(
        '"map[spec:map[strategy:map[rollingUpdate:map[maxSurge:1e+10]]]]": json: cannot unmarshal number 10000000000 into Go value of type int32',
      ),
  )
})

test('a value of a JSON patch beyond float64 is no value', () => {
  assert.is(
    refusal('json', '[{"op":"test","path":"/data","value":{"a":[1e400]}}]'),
    '400 error decoding patch: json: cannot unmarshal number 1e400 into Go struct field jsonPatchOp.value of type float64',
  )
})

test.run()
