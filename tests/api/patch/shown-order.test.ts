import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { inShownOrder, touchedByMerge, touchedByOperations } from '../../../src/api/patch/shown-order.ts'

const patched = {
  kind: 'M',
  apiVersion: 'v1',
  metadata: { name: 'a', labels: { z: '1', a: '2' }, b: [{ d: 1, c: 2 }] },
  data: { y: 1, x: 2 },
}
const shown = (touched: ReturnType<typeof touchedByMerge>) => JSON.stringify(inShownOrder(patched, touched))

test('what a merge patch has is shown in alphabetical order, the rest as it stands', () => {
  assert.is(
    shown(touchedByMerge({ metadata: { zzz: 1, labels: null } })),
    '{"apiVersion":"v1","data":{"y":1,"x":2},"kind":"M","metadata":{"b":[{"d":1,"c":2}],"labels":{"z":"1","a":"2"},"name":"a"}}',
  )
  assert.match(shown(touchedByMerge({ metadata: { b: [{ c: 2 }] } })), /"b":\[\{"c":2,"d":1\}\]/)
})

test('what paths of a JSON patch lead through is shown in alphabetical order', () => {
  assert.is(
    shown(touchedByOperations([{ path: '/metadata/labels/q' }, { path: '/x', from: '/metadata/b/0/d' }, { path: 5 }])),
    '{"apiVersion":"v1","data":{"y":1,"x":2},"kind":"M","metadata":{"b":[{"c":2,"d":1}],"labels":{"a":"2","z":"1"},"name":"a"}}',
  )
  assert.is(inShownOrder(patched, undefined), patched)
})

test.run()
