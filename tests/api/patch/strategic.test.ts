import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { strategicMergePatch } from '../../../src/api/patch/strategic.ts'
import { typeOf } from '../../../src/api/schema/types.ts'

type Spec = Record<string, unknown>
const pod = typeOf('', 'v1', 'Pod')
if (!pod) throw new Error('no Pod')
const patchSpec = (spec: Spec, patch: Spec) => strategicMergePatch(pod, { spec }, { spec: patch }).spec

const containers = [
  { name: 'a', image: '1', ports: [{ containerPort: 80 }] },
  { name: 'b', image: '2' },
]

test('lists merge by their merge key, and new items stand behind what is there', () => {
  assert.equal(patchSpec({ containers }, { containers: [{ name: 'b', image: '3' }, { name: 'c' }] }), {
    containers: [containers[0], { name: 'b', image: '3' }, { name: 'c' }],
  })
})

test('$setElementOrder orders, $patch: delete removes', () => {
  assert.equal(
    patchSpec(
      { containers },
      {
        '$setElementOrder/containers': [{ name: 'c' }, { name: 'b' }],
        containers: [{ name: 'c' }, { name: 'a', $patch: 'delete' }],
      },
    ),
    { containers: [{ name: 'c' }, { name: 'b', image: '2' }] },
  )
})

test('$patch: replace takes the rest of the list or map as it is', () => {
  assert.equal(patchSpec({ containers }, { containers: [{ $patch: 'replace' }, { name: 'z' }] }), { containers: [{ name: 'z' }] })
  assert.equal(patchSpec({ nodeSelector: { a: '1' } }, { nodeSelector: { $patch: 'replace', b: '2' } }), {
    nodeSelector: { b: '2' },
  })
})

test('$deleteFromPrimitiveList takes out the values that it names, $retainKeys all members but those', () => {
  const meta = strategicMergePatch(
    pod,
    { metadata: { finalizers: ['a', 'b'] } },
    { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } },
  )
  assert.equal(meta, { metadata: { finalizers: ['b'] } })
  assert.equal(
    patchSpec(
      { volumes: [{ name: 'v', emptyDir: {} }] },
      { volumes: [{ $retainKeys: ['name', 'hostPath'], name: 'v', hostPath: { path: '/' } }] },
    ),
    { volumes: [{ name: 'v', hostPath: { path: '/' } }] },
  )
})

test('null removes, lists without a merge strategy are replaced, nothing is mutated', () => {
  const spec = Object.freeze({ containers: Object.freeze([Object.freeze({ name: 'a', args: ['x'], image: 'i' })]) })
  assert.equal(patchSpec(spec as unknown as Spec, { containers: [{ name: 'a', args: ['y'], image: null }] }), {
    containers: [{ name: 'a', args: ['y'] }],
  })
})

test('what cannot be merged is refused with the server’s code and words', () => {
  const refusal = (patch: Spec) => {
    try {
      patchSpec({ containers }, patch)
    } catch (e) {
      const { code, message } = (e as { status: { code: number; message: string } }).status
      return [code, message]
    }
    return undefined
  }
  assert.equal(refusal({ containers: [{ image: 'x' }] }), [500, 'map: map[image:x] does not contain declared merge key: name'])
  assert.equal(refusal({ $retainKeys: 5 }), [400, 'invalid patch format of retainKeys'])
  assert.equal(refusal({ $patch: 'x' }), [500, 'unknown patch type: x in map: map[$patch:x]'])
  assert.equal(refusal({ $patch: 5 }), [500, 'unknown patch type: %!s(int64=5) in map: map[$patch:5]'])
  assert.equal(refusal({ $patch: { a: [null] } }), [
    500,
    'unknown patch type: map[a:[%!s(<nil>)]] in map: map[$patch:map[a:[<nil>]]]',
  ])
  assert.equal(refusal({ '$setElementOrder/containers': ['a'] }), [500, 'value for key 0 is not a map'])
})

test.run()
