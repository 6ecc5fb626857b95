import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ConfigMap } from '../../src/apimachinery/kinds.generated.ts'
import { configmaps } from '../../src/apimachinery/resources.generated.ts'
import { isConflict, isNotFound } from '../../src/apimachinery/status.ts'
import { testApi } from '../api/test-api.ts'

const map = (name: string, data: Record<string, string> = {}): ConfigMap =>
  ({ metadata: { name, namespace: 'default' }, data }) as ConfigMap
const caught = async (run: () => Promise<unknown>): Promise<unknown> => {
  try {
    await run()
  } catch (e) {
    return e
  }
  throw new Error('nothing was thrown')
}

test('what is created can be read, listed, changed and deleted', async () => {
  const { client } = await testApi()
  const made = await client.create(configmaps, map('a', { k: '1' }))
  assert.ok(made.metadata?.uid)
  assert.equal((await client.get(configmaps, 'a', { namespace: 'default' })).data, { k: '1' })
  const changed = await client.update(configmaps, { ...made, data: { k: '2' } })
  assert.ok(Number(changed.metadata?.resourceVersion) > Number(made.metadata?.resourceVersion))
  const merged = await client.patch(configmaps, 'a', { type: 'merge', body: { data: { l: '3' } } }, { namespace: 'default' })
  assert.equal(merged.data, { k: '2', l: '3' })
  assert.is((await client.list(configmaps, { namespace: 'default' })).items.length, 1)
  await client.delete(configmaps, 'a', { namespace: 'default' })
  assert.ok(isNotFound(await caught(() => client.get(configmaps, 'a', { namespace: 'default' }))))
})

test('an update that changes nothing keeps the resourceVersion', async () => {
  const { client } = await testApi()
  const made = await client.create(configmaps, map('a', { k: '1' }))
  const same = await client.update(configmaps, made)
  assert.is(same.metadata?.resourceVersion, made.metadata?.resourceVersion)
})

test('an update of an older version is a conflict', async () => {
  const { client } = await testApi()
  const made = await client.create(configmaps, map('a', { k: '1' }))
  await client.update(configmaps, { ...made, data: { k: '2' } })
  assert.ok(isConflict(await caught(() => client.update(configmaps, { ...made, data: { k: '3' } }))))
})

test('generateName makes a name', async () => {
  const { client } = await testApi()
  const made = await client.create(configmaps, { metadata: { generateName: 'x-', namespace: 'default' } } as ConfigMap)
  assert.match(made.metadata?.name ?? '', /^x-[a-z0-9]{5}$/)
})

test('a watch sees what is there, then what changes, and ends with its signal', async () => {
  const { client } = await testApi()
  await client.create(configmaps, map('a'))
  const stop = new AbortController()
  const seen: string[] = []
  for await (const batch of client.watch(configmaps, { namespace: 'default', signal: stop.signal })) {
    for (const { type, object } of batch) seen.push(`${type} ${object.metadata?.name}`)
    if (seen.length === 1) {
      await client.create(configmaps, map('b'))
      await client.delete(configmaps, 'a', { namespace: 'default' })
    }
    if (seen.length === 3) stop.abort()
  }
  assert.equal(seen, ['ADDED a', 'ADDED b', 'DELETED a'])
})

test.run()
