import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ChartError } from '../../../src/helmlike/chart/chart.ts'
import type { TreeFile } from '../../../src/sync/git/tree.ts'
import { ChartCache } from '../../../src/sync/render/chart-cache.ts'

const chart = (name: string, template = 'kind: A') => ({
  'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`,
  'templates/a.yaml': template,
})

/** Files as Git has them: the id stands for the content. `reads` counts what was read. */
function tree(files: Record<string, string>, reads: { count: number } = { count: 0 }): TreeFile[] {
  return Object.entries(files).map(([path, text]) => ({
    path,
    oid: text,
    read: async () => {
      reads.count++
      return Buffer.from(text)
    },
  }))
}

test('a chart of the same files is loaded once, also when it is asked for twice at a time', async () => {
  const cache = new ChartCache(1000)
  const reads = { count: 0 }
  const [first, second] = await Promise.all([cache.load(tree(chart('a'), reads)), cache.load(tree(chart('a'), reads))])
  assert.is(second, first)
  assert.is(await cache.load(tree(chart('a'), reads)), first)
  assert.is(reads.count, 2)
})

test('other contents and other names are another chart', async () => {
  const cache = new ChartCache(1000)
  const first = await cache.load(tree(chart('a')))
  assert.is.not(await cache.load(tree(chart('a', 'kind: B'))), first)
  const { 'templates/a.yaml': template, ...rest } = chart('a')
  assert.is.not(await cache.load(tree({ ...rest, 'templates/b.yaml': template })), first)
})

test('charts of so many bytes are kept, those asked for last first', async () => {
  const cache = new ChartCache(100)
  const a = await cache.load(tree(chart('a')))
  await cache.load(tree(chart('b')))
  assert.is(await cache.load(tree(chart('a'))), a)
  await cache.load(tree(chart('c')))
  assert.is(await cache.load(tree(chart('a'))), a, 'b went, being asked for longer ago')
  const reads = { count: 0 }
  await cache.load(tree(chart('b'), reads))
  assert.is(reads.count, 2)
})

test('a chart that is none is refused each time, and nothing else goes for it', async () => {
  const cache = new ChartCache(1000)
  const a = await cache.load(tree(chart('a')))
  for (let i = 0; i < 2; i++) {
    const error = await cache.load(tree({ 'Chart.yaml': 'name: [' })).catch((e: unknown) => e)
    assert.instance(error, ChartError)
  }
  assert.is(await cache.load(tree(chart('a'))), a)
})

test('a chart does not wait for another that is slow to read', async () => {
  const cache = new ChartCache(1000)
  const { promise, resolve } = Promise.withResolvers<Buffer>()
  const slow = cache.load([{ path: 'Chart.yaml', oid: 'slow', read: () => promise }])
  await cache.load(tree(chart('a')))
  resolve(Buffer.from(chart('slow')['Chart.yaml']))
  assert.is((await slow).metadata.name, 'slow')
})

test.run()
