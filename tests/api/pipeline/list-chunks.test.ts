import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { listChunks } from '../../../src/api/pipeline/list-chunks.ts'
import type { ServedResource } from '../../../src/api/registry/served.ts'
import { Stored } from '../../../src/api/watch/stored.ts'

const resource = { group: '', version: 'v1', kind: 'Pod', listKind: 'PodList', isCustom: false } as ServedResource
const pod = (n: number, size = 1000) => {
  const object = { kind: 'Pod', apiVersion: 'v1', metadata: { name: `p-${n}`, annotations: { pad: 'x'.repeat(size) } } }
  return new Stored(`/registry/pods/default/p-${n}`, Buffer.from(JSON.stringify(object)), n)
}
const names = (items: readonly Stored[]): string[] => {
  const list = JSON.parse(Buffer.concat(listChunks(resource, items, { resourceVersion: '7' })).toString())
  assert.equal([list.kind, list.apiVersion, list.metadata], ['PodList', 'v1', { resourceVersion: '7' }])
  return list.items.map((i: { kind?: string; metadata: { name: string; annotations: { pad: string } } }) => {
    assert.is(i.kind, undefined)
    return `${i.metadata.name} ${i.metadata.annotations.pad.length}`
  })
}
const wanted = (items: readonly Stored[]) => items.map((s) => `${s.name} ${(s.object.metadata.annotations?.pad ?? '').length}`)

test('lists of none, one and many are whole', () => {
  for (const count of [0, 1, 2, 1000]) {
    const items = Array.from({ length: count }, (_, n) => pod(n))
    assert.equal(names(items), wanted(items))
    assert.equal(names(items), wanted(items), 'once more, of known blocks')
  }
})

test('what changed, came and went since the last list is seen; selections and pages of it too', () => {
  const items = Array.from({ length: 1000 }, (_, n) => pod(n))
  names(items)
  for (const i of [0, 1, 300, 999]) {
    const changed = items.with(i, pod(i, 500))
    assert.equal(names(changed), wanted(changed))
    const fewer = items.toSpliced(i, 1)
    assert.equal(names(fewer), wanted(fewer))
    const more = items.toSpliced(i, 0, pod(5000 + i))
    assert.equal(names(more), wanted(more))
  }
  for (const part of [items.filter((_, i) => i % 2 === 0), items.slice(0, 3), items.slice(0, 400), items.slice(100)])
    assert.equal(names(part), wanted(part))
  assert.equal(names(items), wanted(items))
})

test('a block that did not change is not joined again', () => {
  const items = Array.from({ length: 2000 }, (_, n) => pod(n))
  const first = listChunks(resource, items, {})
  const second = listChunks(resource, items.with(1999, pod(1999, 10)), {})
  assert.ok(first.filter((chunk) => second.includes(chunk)).length >= 3)
})

test.run()
