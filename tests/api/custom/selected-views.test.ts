import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readSelectors, selectionOf } from '../../../src/api/verbs/selection.ts'
import { prepareViews } from '../../../src/api/verbs/view.ts'
import { Stored } from '../../../src/api/watch/stored.ts'
import type { KubeObject } from '../../../src/apimachinery/object.ts'

/** A kind whose version v2 is made by a webhook: `host` and `port` of what v1 keeps as `hostPort`. */
const stored = (name: string, hostPort: string): Stored => {
  const object = { apiVersion: 'e.com/v1', kind: 'Route', metadata: { name }, hostPort }
  return new Stored(name, Buffer.from(JSON.stringify(object)), 1, object as KubeObject)
}
let asked = 0
const resource = {
  group: 'e.com',
  version: 'v2',
  strategy: { selectableFields: { host: (o: { host?: string }) => o.host ?? '' } },
  rules: { canonical: (o: KubeObject) => o },
  conversion: {
    fromStorage: async (o: KubeObject & { hostPort: string }) => {
      asked++
      const [host, port] = o.hostPort.split(':')
      return { apiVersion: 'e.com/v2', kind: 'Route', metadata: o.metadata, host, port }
    },
  },
} as never

test('fields are selected as the version that is asked for shows them, and each object is converted once', async () => {
  const items = [stored('a', 'x:1'), stored('b', 'y:1'), stored('c', 'x:2')]
  const { matches, needsViews } = selectionOf(resource, readSelectors('', 'host=x'))
  assert.ok(needsViews)
  await prepareViews(resource, items)
  assert.is(prepareViews(resource, items), undefined)
  assert.equal(
    items.filter((s) => matches?.(s)).map((s) => s.name),
    ['a', 'c'],
  )
  assert.is(asked, 3)
})

test('names are selected without any conversion', () => {
  const { needsViews } = selectionOf(resource, readSelectors('', 'metadata.name=a'))
  assert.not(needsViews)
})

test.run()
