import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { NoManifest, readHead } from '../../../src/helmlike/render/manifest-head.ts'

test('a head has what Helm reads of a manifest, the same at every reading', () => {
  const text = 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: 1\n  annotations: {helm.sh/hook: test, m: "2"}\n'
  for (let i = 0; i < 2; i++) {
    const { annotations, ...head } = readHead(text)
    assert.equal(head, { apiVersion: 'v1', kind: 'Pod', name: '1', isEmpty: false })
    assert.equal(
      [...annotations],
      [
        ['helm.sh/hook', 'test'],
        ['m', '2'],
      ],
    )
  }
  assert.is(readHead(text.replace('Pod', 'Job')).kind, 'Job')
  assert.is(readHead('# nothing\n').isEmpty, true)
})

test('what is wrong anywhere in a document is told at every reading, with its line', () => {
  const cases: [string, RegExp, number][] = [
    ['kind: Pod\nspec:\n  a: [1\n', /^error converting YAML to JSON: /, 3],
    ['- a', /cannot unmarshal array into Go value of type util\.SimpleHead/, 0],
    ['kind: [a]', /cannot unmarshal array into Go struct field SimpleHead\.kind of type string/, 0],
    ['metadata: {annotations: {a: {}}}', /object into Go struct field \.metadata\.annotations of type string/, 0],
  ]
  for (const [text, message, line] of [...cases, ...cases]) {
    try {
      readHead(text)
      assert.unreachable(text)
    } catch (e) {
      assert.instance(e, NoManifest)
      assert.match((e as NoManifest).message, message)
      assert.is((e as NoManifest).line, line)
    }
  }
})

test.run()
